/* Plain C twins of seven BanditLab pairs: environment, policy and regret in one loop.

   Written from the papers as a C programmer would, for `gcc -O3 -march=native`: sizes are known at run time, arrays are
   flat and row by row, nothing is tuned to a machine. Where BanditLab saves work by algebra (quadratic forms from one
   triangle; what UCB1 and RUCB keep from round to round, in second versions), so do they. The twins draw from the same
   streams as BanditLab (NumPy's bit generators behind `bitgen_t`, normals by NumPy's `random_standard_normal`,
   outcomes by the same counter hash), so that where the arithmetic is the same, the regrets are the same numbers.

   Every loop copies its running totals into a row of `curves` at the record points. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "numpy/random/bitgen.h"
#include "numpy/random/distributions.h"

/* --- record points ------------------------------------------------------------------------------------------------ */

typedef struct {
    const int64_t *points; /* (count,) numbers of rounds at which to record, increasing */
    int64_t count, metrics;
    double *curves; /* (count, metrics) */
    int64_t next;
} record_t;

static inline void record(record_t *r, int64_t t, const double *totals) {
    if (r->next < r->count && t + 1 == r->points[r->next]) {
        memcpy(r->curves + r->next * r->metrics, totals, r->metrics * sizeof(double));
        r->next++;
    }
}

/* --- randomness --------------------------------------------------------------------------------------------------- */

static inline uint64_t mix(uint64_t z) { /* finaliser of SplitMix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline uint64_t hash(uint64_t key, uint64_t what, uint64_t count) {
    return mix(mix(key + what * 0xD1B54A32D192ED03u) + count * 0x9E3779B97F4A7C15u);
}

static inline double hash_uniform(uint64_t key, uint64_t what, uint64_t count) {
    return (double)(hash(key, what, count) >> 11) * 0x1p-53;
}

static double normal_quantile(double p) { /* Wichura 1988, AS 241, PPND16 */
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[8] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                                2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                                5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                                1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5, r;
    const double *top = a, *low = b;
    bool central = fabs(q) <= 0.425;
    if (central) {
        r = 0.180625 - q * q;
    } else {
        r = sqrt(-log(q < 0.0 ? p : 1.0 - p));
        top = r <= 5.0 ? c : e;
        low = r <= 5.0 ? d : f;
        r -= r <= 5.0 ? 1.6 : 5.0;
    }
    double numerator = top[7], denominator = low[7];
    for (int i = 6; i >= 0; i--) {
        numerator = numerator * r + top[i];
        denominator = denominator * r + low[i];
    }
    if (central)
        return q * numerator / denominator;
    return q < 0.0 ? -numerator / denominator : numerator / denominator;
}

static inline double hash_normal(uint64_t key, uint64_t what, uint64_t count) {
    return normal_quantile(((double)(hash(key, what, count) >> 12) + 0.5) * 0x1p-52);
}

static inline double uniform(bitgen_t *rng) { return rng->next_double(rng->state); }

static double gamma_draw(bitgen_t *rng, double shape) { /* Marsaglia and Tsang 2000; shape >= 1 */
    double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = random_standard_normal(rng), v = 1.0 + c * x;
        if (v <= 0.0)
            continue;
        v = v * v * v;
        double u = 1.0 - uniform(rng), square = x * x;
        if (u < 1.0 - 0.0331 * square * square || log(u) < 0.5 * square + d * (1.0 - v + log(v)))
            return d * v;
    }
}

static inline double beta_draw(bitgen_t *rng, double a, double b) {
    double x = gamma_draw(rng, a);
    return x / (x + gamma_draw(rng, b));
}

/* --- Bernoulli arms ----------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t arms;
    const double *means;
    int64_t best;
    int64_t *plays; /* how often each arm was played: the counter of its outcomes */
    uint64_t key;
} bernoulli_t;

static bernoulli_t bernoulli_start(int64_t arms, const double *means, uint64_t key) {
    bernoulli_t env = {arms, means, 0, calloc(arms, sizeof(int64_t)), key};
    for (int64_t k = 1; k < arms; k++)
        if (means[k] > means[env.best])
            env.best = k;
    return env;
}

static inline double bernoulli_pull(bernoulli_t *env, int64_t arm) {
    return hash_uniform(env->key, arm, env->plays[arm]++) < env->means[arm] ? 1.0 : 0.0;
}

static inline void bernoulli_regret(const bernoulli_t *env, int64_t arm, double reward, double *totals) {
    double best = env->means[env->best];
    totals[0] += best - env->means[arm];
    totals[1] += best - reward;
}

/* --- UCB1 (Auer, Cesa-Bianchi, Fischer 2002, Figure 1) on Bernoulli arms ------------------------------------------ */

void ucb1_bernoulli(int64_t arms, const double *means, uint64_t key, int64_t rounds, int64_t count,
                    const int64_t *points, double *curves) {
    bernoulli_t env = bernoulli_start(arms, means, key);
    record_t r = {points, count, 2, curves, 0};
    double totals[2] = {0.0, 0.0};
    double *plays = calloc(arms, sizeof(double)), *sums = calloc(arms, sizeof(double));
    for (int64_t t = 0; t < rounds; t++) {
        int64_t arm = 0;
        if (t < arms) {
            arm = t;
        } else {
            double best = -INFINITY, scale = 2.0 * log((double)t);
            for (int64_t k = 0; k < arms; k++) {
                double index = sums[k] / plays[k] + sqrt(scale / plays[k]);
                if (index > best) {
                    best = index;
                    arm = k;
                }
            }
        }
        double reward = bernoulli_pull(&env, arm);
        plays[arm] += 1.0;
        sums[arm] += reward;
        bernoulli_regret(&env, arm, reward, totals);
        record(&r, t, totals);
    }
    free(plays), free(sums), free(env.plays);
}

/* The same with BanditLab's economy: an arm's mean and 1 / sqrt(n) are kept, so a round takes no division. */
void ucb1_kept_bernoulli(int64_t arms, const double *means, uint64_t key, int64_t rounds, int64_t count,
                         const int64_t *points, double *curves) {
    bernoulli_t env = bernoulli_start(arms, means, key);
    record_t r = {points, count, 2, curves, 0};
    double totals[2] = {0.0, 0.0};
    int64_t *plays = calloc(arms, sizeof(int64_t));
    double *sums = calloc(arms, sizeof(double)), *mean = calloc(arms, sizeof(double));
    double *width = calloc(arms, sizeof(double));
    for (int64_t t = 0; t < rounds; t++) {
        int64_t arm = 0;
        if (t < arms) {
            arm = t;
        } else {
            double best = -INFINITY, scale = sqrt(2.0 * log((double)t));
            for (int64_t k = 0; k < arms; k++) {
                double index = mean[k] + scale * width[k];
                if (index > best) {
                    best = index;
                    arm = k;
                }
            }
        }
        double reward = bernoulli_pull(&env, arm);
        plays[arm]++;
        sums[arm] += reward;
        mean[arm] = sums[arm] / plays[arm];
        width[arm] = sqrt(1.0 / plays[arm]);
        bernoulli_regret(&env, arm, reward, totals);
        record(&r, t, totals);
    }
    free(plays), free(sums), free(mean), free(width), free(env.plays);
}

/* --- Thompson sampling with Beta(1, 1) priors (Agrawal and Goyal 2012, Algorithm 1) on Bernoulli arms ------------- */

void thompson_bernoulli(int64_t arms, const double *means, uint64_t key, bitgen_t *coins, int64_t rounds,
                        int64_t count, const int64_t *points, double *curves) {
    bernoulli_t env = bernoulli_start(arms, means, key);
    record_t r = {points, count, 2, curves, 0};
    double totals[2] = {0.0, 0.0};
    double *wins = malloc(arms * sizeof(double)), *losses = malloc(arms * sizeof(double));
    for (int64_t k = 0; k < arms; k++)
        wins[k] = losses[k] = 1.0;
    for (int64_t t = 0; t < rounds; t++) {
        int64_t arm = 0;
        double best = -1.0;
        for (int64_t k = 0; k < arms; k++) {
            double draw = beta_draw(coins, wins[k], losses[k]);
            if (draw > best) {
                best = draw;
                arm = k;
            }
        }
        double reward = bernoulli_pull(&env, arm);
        wins[arm] += reward;
        losses[arm] += 1.0 - reward;
        bernoulli_regret(&env, arm, reward, totals);
        record(&r, t, totals);
    }
    free(wins), free(losses), free(env.plays);
}

/* --- EXP3 on losses (Bubeck and Cesa-Bianchi 2012, Section 3.1) on a switching best arm --------------------------- */

void exp3_adversarial(int64_t arms, int64_t period, const double *means, uint64_t key, bitgen_t *coins,
                      int64_t rounds, int64_t count, const int64_t *points, double *curves) {
    record_t r = {points, count, 3, curves, 0};
    double totals[3] = {0.0, 0.0, 0.0}, paid = 0.0, scale = sqrt(log((double)arms) / arms);
    double *estimates = calloc(arms, sizeof(double)), *weights = calloc(arms, sizeof(double));
    double *sums = calloc(arms, sizeof(double)); /* expected losses of each arm so far */
    int64_t best = 0;
    for (int64_t t = 0; t < rounds; t++) {
        const double *loss = means + (t / period) * arms;
        if (t % period == 0) {
            best = 0;
            for (int64_t k = 0; k < arms; k++)
                if (loss[k] < loss[best])
                    best = k;
        }
        /* the policy */
        double least = estimates[0], eta = scale / sqrt((double)(t + 1)), total = 0.0;
        for (int64_t k = 1; k < arms; k++)
            if (estimates[k] < least)
                least = estimates[k];
        for (int64_t k = 0; k < arms; k++) {
            weights[k] = exp(-eta * (estimates[k] - least));
            total += weights[k];
        }
        double mark = uniform(coins) * total;
        int64_t arm = 0;
        for (int64_t k = 0; k < arms; k++) {
            if (weights[k] > 0.0) { /* never an arm of weight zero, whatever rounding leaves of the mark */
                arm = k;
                mark -= weights[k];
                if (mark < 0.0)
                    break;
            }
        }
        double reward = hash_uniform(key, arm, t) < loss[arm] ? 0.0 : 1.0;
        estimates[arm] += (1.0 - reward) * total / weights[arm];
        /* regret to the best arm of the round, and to the best fixed arm so far */
        totals[0] += loss[arm] - loss[best];
        totals[1] += 1.0 - loss[best] - reward;
        paid += loss[arm];
        double fixed = INFINITY;
        for (int64_t k = 0; k < arms; k++) {
            sums[k] += loss[k];
            if (sums[k] < fixed)
                fixed = sums[k];
        }
        totals[2] = paid - fixed;
        record(&r, t, totals);
    }
    free(estimates), free(weights), free(sums);
}

/* --- linear contextual bandit ------------------------------------------------------------------------------------- */

static inline double dot(int64_t d, const double *restrict x, const double *restrict y) {
    double total = 0.0;
    for (int64_t i = 0; i < d; i++)
        total += x[i] * y[i];
    return total;
}

/* out = A x for A (d, d) */
static inline void multiply(int64_t d, const double *restrict a, const double *restrict x, double *restrict out) {
    for (int64_t i = 0; i < d; i++)
        out[i] = dot(d, a + i * d, x);
}

/* sqrt(x' A x) for symmetric A (d, d), of which the lower triangle is read */
static inline double norm(int64_t d, const double *restrict a, const double *restrict x) {
    double total = 0.0;
    for (int64_t i = 0; i < d; i++)
        total += x[i] * (2.0 * dot(i, a + i * d, x) + a[i * d + i] * x[i]);
    return sqrt(fmax(0.0, total));
}

/* A^-1 becomes (A + x x')^-1 (Sherman and Morrison); the estimate theta = A^-1 b follows */
static inline void update(int64_t d, double *restrict inverse, double *restrict theta, const double *restrict x,
                          double reward, double *restrict scratch) {
    double error = reward - dot(d, theta, x);
    multiply(d, inverse, x, scratch);
    double gain = dot(d, x, scratch), scale = 1.0 / (1.0 + gain), step = error / (1.0 + gain);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++)
            inverse[i * d + j] -= scale * (scratch[i] * scratch[j]);
    for (int64_t i = 0; i < d; i++)
        theta[i] += step * scratch[i];
}

typedef struct {
    int64_t arms, dim, best;
    const double *theta;
    double *features, *means, std;
    uint64_t key;
    bitgen_t *contexts;
} linear_t;

static linear_t linear_start(int64_t arms, int64_t dim, const double *theta, double std, uint64_t key,
                             bitgen_t *contexts) {
    linear_t env = {arms, dim, 0, theta, malloc(arms * dim * sizeof(double)), malloc(arms * sizeof(double)),
                    std, key, contexts};
    return env;
}

static void linear_observe(linear_t *env) { /* each row a uniform point of the unit sphere */
    int64_t d = env->dim;
    env->best = 0;
    for (int64_t k = 0; k < env->arms; k++) {
        double *row = env->features + k * d;
        for (int64_t i = 0; i < d; i++)
            row[i] = random_standard_normal(env->contexts);
        double scale = 1.0 / sqrt(dot(d, row, row));
        for (int64_t i = 0; i < d; i++)
            row[i] *= scale;
        env->means[k] = dot(d, row, env->theta);
        if (env->means[k] > env->means[env->best])
            env->best = k;
    }
}

static inline double linear_pull(const linear_t *env, int64_t arm, int64_t t) {
    return env->means[arm] + env->std * hash_normal(env->key, arm, t);
}

static inline void linear_regret(const linear_t *env, int64_t arm, double reward, double *totals) {
    double best = env->means[env->best];
    totals[0] += best - env->means[arm];
    totals[1] += best - reward;
}

/* LinUCB with `models` = 1 (shared parameter; Chu et al. 2011) or `arms` (disjoint; Li et al. 2010, Algorithm 1) */
void linucb_linear(int64_t models, int64_t arms, int64_t dim, const double *truth, double std, uint64_t key,
                   bitgen_t *contexts, double width, double ridge, int64_t rounds, int64_t count,
                   const int64_t *points, double *curves) {
    linear_t env = linear_start(arms, dim, truth, std, key, contexts);
    record_t r = {points, count, 2, curves, 0};
    double totals[2] = {0.0, 0.0};
    double *inverses = calloc(models * dim * dim, sizeof(double)), *thetas = calloc(models * dim, sizeof(double));
    double *scratch = malloc(dim * sizeof(double));
    for (int64_t k = 0; k < models; k++)
        for (int64_t i = 0; i < dim; i++)
            inverses[k * dim * dim + i * dim + i] = 1.0 / ridge;
    for (int64_t t = 0; t < rounds; t++) {
        linear_observe(&env);
        int64_t arm = 0;
        double best = -INFINITY;
        for (int64_t k = 0; k < arms; k++) {
            int64_t model = models == 1 ? 0 : k;
            const double *x = env.features + k * dim;
            double index = dot(dim, thetas + model * dim, x) +
                           width * norm(dim, inverses + model * dim * dim, x);
            if (index > best) {
                best = index;
                arm = k;
            }
        }
        double reward = linear_pull(&env, arm, t);
        int64_t model = models == 1 ? 0 : arm;
        update(dim, inverses + model * dim * dim, thetas + model * dim, env.features + arm * dim, reward, scratch);
        linear_regret(&env, arm, reward, totals);
        record(&r, t, totals);
    }
    free(inverses), free(thetas), free(scratch), free(env.features), free(env.means);
}

/* --- preference matrix -------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t arms, winner;
    const double *matrix;
    uint64_t key;
    int64_t *duels; /* how often each pair met, above the diagonal: the counter of its outcomes */
} matrix_t;

static matrix_t matrix_start(int64_t arms, const double *matrix, int64_t winner, uint64_t key) {
    matrix_t env = {arms, winner, matrix, key, calloc(arms * arms, sizeof(int64_t))};
    return env;
}

static inline bool matrix_duel(matrix_t *env, int64_t first, int64_t second) { /* a self-duel is a fair coin */
    int64_t low = first < second ? first : second, high = first < second ? second : first;
    int64_t pair = low * env->arms + high;
    double threshold = low == high ? 0.5 : env->matrix[pair];
    bool low_won = hash_uniform(env->key, pair, env->duels[pair]++) < threshold;
    return low_won == (first <= second);
}

static inline void matrix_regret(const matrix_t *env, int64_t first, int64_t second, double *totals) {
    const double *row = env->matrix + env->winner * env->arms;
    double one = row[first] - 0.5, two = row[second] - 0.5;
    totals[0] += 0.5 * (one + two);
    totals[1] += fmax(one, two);
    totals[2] += fmin(one, two);
}

/* --- Double Thompson sampling (Wu and Liu 2016, Algorithm 1) on a preference matrix ------------------------------- */

void double_thompson_matrix(int64_t arms, const double *matrix, int64_t winner, uint64_t key, double alpha,
                            bitgen_t *coins, int64_t rounds, int64_t count, const int64_t *points, double *curves) {
    matrix_t env = matrix_start(arms, matrix, winner, key);
    record_t r = {points, count, 3, curves, 0};
    double totals[3] = {0.0, 0.0, 0.0};
    int64_t K = arms;
    double *wins = calloc(K * K, sizeof(double)), *lower = calloc(K * K, sizeof(double));
    int64_t *sampled = calloc(K, sizeof(int64_t)), *optimistic = calloc(K, sizeof(int64_t));
    for (int64_t t = 0; t < rounds; t++) {
        /* confidence bounds: how many opponents each arm may beat */
        double scale = alpha * log((double)(t + 1));
        for (int64_t i = 0; i < K; i++) {
            optimistic[i] = sampled[i] = 0;
            lower[i * K + i] = 0.5;
        }
        for (int64_t i = 0; i < K; i++) {
            for (int64_t j = i + 1; j < K; j++) {
                double n = wins[i * K + j] + wins[j * K + i];
                double mean = 1.0, other = 1.0, width = 1.0; /* the paper's x / 0 := 1 */
                if (n > 0.0) {
                    mean = wins[i * K + j] / n;
                    other = wins[j * K + i] / n;
                    width = sqrt(scale / n);
                }
                lower[i * K + j] = mean - width;
                lower[j * K + i] = other - width;
                optimistic[i] += mean + width > 0.5;
                optimistic[j] += other + width > 0.5;
            }
        }
        /* a sampled tournament; its winner among the optimistic Copeland winners, ties at random */
        for (int64_t i = 0; i < K; i++) {
            for (int64_t j = i + 1; j < K; j++) {
                double draw = beta_draw(coins, wins[i * K + j] + 1.0, wins[j * K + i] + 1.0);
                sampled[i] += draw > 0.5;
                sampled[j] += draw < 0.5;
            }
        }
        int64_t top = 0, most = -1, ties = 0, first = 0;
        for (int64_t i = 0; i < K; i++)
            if (optimistic[i] > top)
                top = optimistic[i];
        for (int64_t i = 0; i < K; i++) {
            if (optimistic[i] != top)
                continue;
            if (sampled[i] > most) {
                most = sampled[i];
                ties = 1;
                first = i;
            } else if (sampled[i] == most && uniform(coins) * ++ties < 1.0) {
                first = i;
            }
        }
        /* the strongest opponent of the winner by new draws, among those that it does not surely beat */
        double best = -1.0;
        int64_t second = first;
        for (int64_t i = 0; i < K; i++) {
            double draw = 0.5;
            if (i != first)
                draw = beta_draw(coins, wins[i * K + first] + 1.0, wins[first * K + i] + 1.0);
            if (lower[i * K + first] <= 0.5 && draw > best) {
                best = draw;
                second = i;
            }
        }
        bool won = matrix_duel(&env, first, second);
        if (first != second)
            wins[won ? first * K + second : second * K + first] += 1.0;
        matrix_regret(&env, first, second, totals);
        record(&r, t, totals);
    }
    free(wins), free(lower), free(sampled), free(optimistic), free(env.duels);
}

/* --- RUCB (Zoghi et al. 2014, Algorithm 1) on a preference matrix ------------------------------------------------- */

/* the champion, from which arms are candidates; `best` is the hypothesised best arm, -1 for none */
static inline int64_t rucb_champion(bitgen_t *coins, int64_t K, const bool *candidate, int64_t *best) {
    int64_t count = 0, last = -1;
    for (int64_t i = 0; i < K; i++) {
        if (candidate[i]) {
            count++;
            last = i;
        }
    }
    if (count == 0) {
        *best = -1;
        return (int64_t)(uniform(coins) * (double)K);
    }
    if (count == 1)
        return *best = last;
    if (*best >= 0 && !candidate[*best])
        *best = -1;
    if (*best >= 0) {
        if (uniform(coins) < 0.5)
            return *best;
        count--;
    }
    int64_t place = count > 1 ? (int64_t)(uniform(coins) * (double)count) : 0;
    for (int64_t i = 0; i < K; i++)
        if (candidate[i] && i != *best && place-- == 0)
            return i;
    return last;
}

/* one of the `ties` arms, other than the first, whose bounds against it are the largest */
static inline int64_t rucb_tied(bitgen_t *coins, int64_t K, const double *bounds, int64_t first, double most,
                                int64_t ties) {
    int64_t place = (int64_t)(uniform(coins) * (double)ties);
    for (int64_t i = 0; i < K; i++)
        if (i != first && bounds[i] == most && place-- == 0)
            return i;
    return first;
}

void rucb_matrix(int64_t arms, const double *matrix, int64_t winner, uint64_t key, double alpha, bitgen_t *coins,
                 int64_t rounds, int64_t count, const int64_t *points, double *curves) {
    matrix_t env = matrix_start(arms, matrix, winner, key);
    record_t r = {points, count, 3, curves, 0};
    double totals[3] = {0.0, 0.0, 0.0};
    int64_t K = arms, best = -1;
    double *wins = calloc(K * K, sizeof(double));
    double *upper = calloc(K * K, sizeof(double)); /* row by row: of all arms against one */
    bool *candidate = malloc(K * sizeof(bool));
    for (int64_t t = 0; t < rounds; t++) {
        double scale = alpha * log((double)(t + 1));
        for (int64_t i = 0; i < K; i++) {
            candidate[i] = true;
            upper[i * K + i] = 0.5;
        }
        for (int64_t i = 0; i < K; i++) {
            for (int64_t j = i + 1; j < K; j++) {
                double n = wins[i * K + j] + wins[j * K + i];
                double mean = 1.0, other = 1.0, width = 1.0; /* the paper's x / 0 := 1 */
                if (n > 0.0) {
                    mean = wins[i * K + j] / n;
                    other = wins[j * K + i] / n;
                    width = sqrt(scale / n);
                }
                upper[j * K + i] = mean + width;
                upper[i * K + j] = other + width;
                candidate[i] &= mean + width >= 0.5;
                candidate[j] &= other + width >= 0.5;
            }
        }
        int64_t first = rucb_champion(coins, K, candidate, &best), second = first, ties = 0;
        const double *bounds = upper + first * K;
        double most = 0.5;
        for (int64_t i = 0; i < K; i++) {
            if (i != first && bounds[i] >= most) {
                ties = bounds[i] == most ? ties + 1 : 1;
                most = bounds[i];
                second = i;
            }
        }
        if (ties > 1)
            second = rucb_tied(coins, K, bounds, first, most, ties);
        bool won = matrix_duel(&env, first, second);
        if (first != second)
            wins[won ? first * K + second : second * K + first] += 1.0;
        matrix_regret(&env, first, second, totals);
        record(&r, t, totals);
    }
    free(wins), free(upper), free(candidate), free(env.duels);
}

/* The same with BanditLab's economy: means, 1 / sqrt(n), and by how much each arm lags behind its toughest opponent are
   kept, so a round takes K steps and no division. */
void rucb_kept_matrix(int64_t arms, const double *matrix, int64_t winner, uint64_t key, double alpha, bitgen_t *coins,
                      int64_t rounds, int64_t count, const int64_t *points, double *curves) {
    matrix_t env = matrix_start(arms, matrix, winner, key);
    record_t r = {points, count, 3, curves, 0};
    double totals[3] = {0.0, 0.0, 0.0};
    int64_t K = arms, best = -1;
    int64_t *wins = calloc(K * K, sizeof(int64_t));
    double *mean = malloc(K * K * sizeof(double)); /* row by row: of all arms against one; 2 where they never met */
    double *root = calloc(K * K, sizeof(double)), *deficit = calloc(K, sizeof(double));
    double *bounds = malloc(K * sizeof(double));
    bool *candidate = malloc(K * sizeof(bool));
    for (int64_t i = 0; i < K * K; i++)
        mean[i] = 2.0;
    for (int64_t t = 0; t < rounds; t++) {
        double scale = sqrt(alpha * log((double)(t + 1)));
        for (int64_t i = 0; i < K; i++)
            candidate[i] = deficit[i] <= scale;
        int64_t first = rucb_champion(coins, K, candidate, &best), second = first, ties = 0;
        double most = 0.5;
        for (int64_t i = 0; i < K; i++)
            bounds[i] = mean[first * K + i] + scale * root[first * K + i];
        for (int64_t i = 0; i < K; i++) {
            if (i != first && bounds[i] >= most) {
                ties = bounds[i] == most ? ties + 1 : 1;
                most = bounds[i];
                second = i;
            }
        }
        if (ties > 1)
            second = rucb_tied(coins, K, bounds, first, most, ties);
        bool won = matrix_duel(&env, first, second);
        if (first != second) {
            int64_t pair[2] = {first, second};
            wins[won ? first * K + second : second * K + first]++;
            int64_t n = wins[first * K + second] + wins[second * K + first];
            root[first * K + second] = root[second * K + first] = sqrt(1.0 / n);
            mean[second * K + first] = (double)wins[first * K + second] / n;
            mean[first * K + second] = (double)wins[second * K + first] / n;
            for (int side = 0; side < 2; side++) {
                int64_t arm = pair[side];
                double lag = 0.0;
                for (int64_t i = 0; i < K; i++)
                    lag = fmax(lag, (double)(wins[i * K + arm] - wins[arm * K + i]) * (0.5 * root[arm * K + i]));
                deficit[arm] = lag;
            }
        }
        matrix_regret(&env, first, second, totals);
        record(&r, t, totals);
    }
    free(wins), free(mean), free(root), free(deficit), free(bounds), free(candidate), free(env.duels);
}

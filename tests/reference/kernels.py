"""Kernelised estimates and widths, by the direct formulas on the duels themselves."""

import numpy as np
from scipy.special import expit


def rbf(points, variance, length_scale):
    points = np.reshape(points, (-1, np.shape(points)[-1]))
    squares = ((points[:, None] - points[None]) ** 2).sum(2)
    return variance * np.exp(-squares / (2 * length_scale**2))


def newton(objective, gradient, hessian, x):
    """Newton's method with halved steps."""
    for _ in range(500):
        g = gradient(x)
        if np.linalg.norm(g) < 1e-10:
            break
        step, scale = np.linalg.solve(hessian(x), g), 1.0
        while objective(x - scale * step) > objective(x) + 1e-11 * abs(objective(x)) and scale > 1e-12:
            scale /= 2
        x = x - scale * step
    return x


def by_norm(gram, duels, ridge):
    """argmin_f of the log loss of duels (i, j, won) plus ridge / 2 |f|_k^2; f (N,) = U z with K = U U'."""
    values, vectors = np.linalg.eigh(gram)
    u = vectors * np.sqrt(np.clip(values, 0, None))
    z = np.array([u[i] - u[j] for i, j, _ in duels])
    y = np.array([won for _, _, won in duels], float)
    found = newton(
        lambda x: np.sum(np.logaddexp(0, z @ x) - y * (z @ x)) + ridge / 2 * x @ x,
        lambda x: z.T @ (expit(z @ x) - y) + ridge * x,
        lambda x: z.T @ ((expit(z @ x) * expit(-z @ x))[:, None] * z) + ridge * np.eye(len(gram)),
        np.zeros(len(gram)),
    )
    return u @ found


def by_weights(gram, duels, penalty):
    """f = sum_s alpha_s (k(., i_s) - k(., j_s)) for the alpha (t,) that minimises log loss plus penalty |alpha|^2."""
    d = incidence(duels, len(gram))
    kernel, y = d @ gram @ d.T, np.array([won for _, _, won in duels], float)
    alpha = newton(
        lambda a: np.sum(np.logaddexp(0, kernel @ a) - y * (kernel @ a)) + penalty * a @ a,
        lambda a: kernel @ (expit(kernel @ a) - y) + 2 * penalty * a,
        lambda a: (
            kernel @ ((expit(kernel @ a) * expit(-kernel @ a))[:, None] * kernel) + 2 * penalty * np.eye(len(duels))
        ),
        np.zeros(len(duels)),
    )
    return gram @ d.T @ alpha


def incidence(duels, arms):
    """e_i - e_j for each duel, (t, N)."""
    return np.array([np.eye(arms)[i] - np.eye(arms)[j] for i, j, _ in duels]).reshape(-1, arms)


def posterior_covariance(gram, duels, noise):
    """K - K D' (D K D' + noise I)^-1 D K."""
    d = incidence(duels, len(gram))
    return gram - gram @ d.T @ np.linalg.solve(d @ gram @ d.T + noise * np.eye(len(d)), d @ gram)


class Belief:
    """Estimate and widths of a policy with the parameters of `Kernelised`; `single` adds an arm of utility 0."""

    def __init__(self, policy, problem, single=False):
        assert policy.kernel == "rbf"
        length_scale = problem.length_scale if policy.length_scale == "told" else policy.length_scale
        self.gram = rbf(problem.domain, policy.variance, length_scale)
        if single:
            self.gram = np.pad(self.gram, (0, 1))
        bound = policy.norm if single else 2 * policy.norm
        self.policy, self.kappa = policy, 2 + np.exp(bound) + np.exp(-bound)
        self.noise = policy.ridge * self.kappa
        self.duels = []
        self.f, self.covariance, self.gain = np.zeros(len(self.gram)), self.gram, 0.0

    def learn(self, first, second, won):
        if first == second:
            return
        self.duels.append((first, second, bool(won)))
        if self.policy.preset == "paper":
            self.f = by_norm(self.gram, self.duels, self.policy.ridge)
        else:
            self.f = by_weights(self.gram, self.duels, self.policy.penalty)
        d = incidence(self.duels, len(self.gram))
        self.covariance = posterior_covariance(self.gram, self.duels, self.noise)
        self.gain = np.linalg.slogdet(np.eye(len(d)) + d @ self.gram @ d.T / self.noise)[1] / 2

    def variances(self):
        """(sigma_ij)^2, (N, N)."""
        s = self.covariance
        return np.clip(np.diag(s)[:, None] + np.diag(s)[None] - 2 * s, 0, None)

    def widths(self):
        """beta sigma, or beta sigma^2 of the published code."""
        beta = self.policy.width
        if beta == "theory":
            b, ridge, delta = self.policy.norm, self.policy.ridge, self.policy.delta
            beta = 4 * 0.25 * b + 2 * 0.25 * np.sqrt(2 * self.kappa / ridge * (self.gain + np.log(1 / delta)))
        return beta * (self.variances() if self.policy.preset == "code" else np.sqrt(self.variances()))

    def means(self):
        return expit(self.f[:, None] - self.f[None])

    def lower(self):
        """Lower bounds on the probability that i beats j, (N, N); 1/2 on the diagonal."""
        bounds = self.means() - self.widths()
        np.fill_diagonal(bounds, 0.5)
        return bounds

    def upper(self):
        bounds = self.means() + self.widths()
        np.fill_diagonal(bounds, 0.5)
        return bounds

    def plausible(self):
        """Arms whose upper bound is above 1/2 against every other; all where there is none."""
        upper, arms = self.upper(), len(self.gram)
        found = [i for i in range(arms) if all(upper[i, j] > 0.5 for j in range(arms) if j != i)]
        return found or list(range(arms))


def draw_near(rng, scores, tolerance=1e-4):
    """One of the indices whose score is within a tolerance of the largest."""
    near = np.flatnonzero(np.asarray(scores) >= np.max(scores) - tolerance)
    return int(near[int(rng.random() * len(near))])

"use strict";
{
  const SVG = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 56, right: 12, top: 10, bottom: 42 };
  const figures = JSON.parse(document.getElementById("figures-data").textContent);
  const hidden = new Set(); // keys of what is switched off, in all figures of its game
  const charts = [];

  // --- small helpers -------------------------------------------------------------------------------------------------

  function make(parent, name, attributes = {}, text = "") {
    const svg = parent.namespaceURI === SVG || name === "svg";
    const node = svg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    return parent.appendChild(node);
  }

  function number(value) {
    const size = Math.abs(value);
    if (value !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(3);
    const digits = { minimumSignificantDigits: 4, maximumSignificantDigits: 4 };
    return value.toLocaleString("en", value === 0 || size >= 1000 ? { maximumFractionDigits: 0 } : digits);
  }

  function short(value) {
    const size = Math.abs(value);
    if (value !== 0 && (size < 1e-3 || size >= 1e12)) return value.toExponential().replace("e+", "e");
    if (size < 10000) return value.toLocaleString("en", { maximumSignificantDigits: 4 });
    return value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });
  }

  const keyOf = (figure, entry) => `${figure.game}/${entry.aside}/${entry.label}`;

  const look = (entry) => ({ "stroke-width": entry.width + 0.3, "stroke-dasharray": entry.dash || "none" });

  // --- axes ----------------------------------------------------------------------------------------------------------

  function axis(low, high, log, from, to, room) {
    const go = log ? Math.log10 : (value) => value;
    const a = go(low);
    const b = go(high) > a ? go(high) : a + 1;
    const at = (value) => from + ((go(log ? Math.max(value, low) : value) - a) / (b - a)) * (to - from);
    const most = Math.max(2, Math.floor(Math.abs(to - from) / room));
    return { at, ticks: log ? decades(a, b, most) : steps(a, b, most) };
  }

  function steps(a, b, most) {
    const rough = (b - a) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((times) => times * power >= rough * 0.999);
    const ticks = [];
    const last = Math.floor(b / step + 1e-9);
    for (let i = Math.ceil(a / step - 1e-9); i <= last; i++) ticks.push(Number((i * step).toPrecision(12)));
    return ticks;
  }

  function decades(a, b, most) {
    const found = (within) => {
      const ticks = [];
      for (let power = Math.floor(a); power <= b + 1e-9; power++) {
        for (const times of within) {
          const place = power + Math.log10(times);
          if (place >= a - 1e-9 && place <= b + 1e-9) ticks.push(Number((times * 10 ** power).toPrecision(6)));
        }
      }
      return ticks;
    };
    const dense = [[1, 2, 5], [1, 3]].map(found).find((ticks) => ticks.length <= most);
    if (dense) return dense;
    const powers = found([1]);
    return powers.filter((_, i) => i % Math.ceil(powers.length / most) === 0);
  }

  // --- a chart -------------------------------------------------------------------------------------------------------

  class Chart {
    constructor(parent, figure, panel) {
      this.figure = figure;
      this.panel = panel;
      this.at = null; // index of the point whose values are shown
      const box = make(parent, "figure", { class: "panel" });
      make(box, "figcaption", {}, panel.title);
      this.plot = make(box, "div", { class: "plot", tabindex: "0", role: "slider", "aria-orientation": "horizontal" });
      this.plot.setAttribute("aria-label", `${panel.title}: ${panel.ylabel}, ${panel.xlabel}`);
      this.plot.setAttribute("aria-valuemin", "0");
      this.plot.setAttribute("aria-valuemax", String(panel.x.length - 1));
      this.svg = make(this.plot, "svg", { "aria-hidden": "true" });
      this.tip = make(this.plot, "div", { class: "tip", hidden: "" });
      this.plot.addEventListener("pointermove", (event) => this.show(this.nearest(event)));
      this.plot.addEventListener("pointerdown", (event) => this.show(this.nearest(event)));
      this.plot.addEventListener("pointerleave", () => this.show(null));
      this.plot.addEventListener("focus", () => this.show(this.at ?? this.panel.x.length - 1));
      this.plot.addEventListener("blur", () => this.show(null));
      this.plot.addEventListener("keydown", (event) => this.move(event));
      this.say(panel.x.length - 1);
    }

    get shown() {
      return this.panel.series.filter((one) => !hidden.has(keyOf(this.figure, this.figure.legend[one.entry])));
    }

    draw() {
      const width = Math.max(260, this.plot.clientWidth);
      const height = Math.round(Math.min(400, Math.max(220, width * 0.6)));
      this.width = width;
      this.bottom = height - MARGIN.bottom;
      this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      this.svg.replaceChildren();
      const [logX, logY] = this.figure.log;
      const x = this.panel.x;
      const pad = !logX && this.panel.series.some((one) => one.points) ? 0.04 * (x[x.length - 1] - x[0]) : 0;
      const first = logX || pad ? x[0] - pad : Math.min(0, x[0]);
      this.x = axis(first, x[x.length - 1] + pad, logX, MARGIN.left, width - MARGIN.right, 75);
      this.y = axis(...this.range(logY), logY, this.bottom, MARGIN.top, 42);
      this.frame(height);
      const clip = `clip-${charts.indexOf(this)}`;
      const area = make(make(make(this.svg, "defs"), "clipPath", { id: clip }), "rect");
      const high = this.bottom - MARGIN.top + 4;
      const size = { x: MARGIN.left, y: MARGIN.top - 2, width: width - MARGIN.left, height: high };
      for (const [key, value] of Object.entries(size)) area.setAttribute(key, value);
      const group = make(this.svg, "g", { "clip-path": `url(#${clip})` });
      for (const one of this.shown) this.line(group, one);
      this.cross = make(this.svg, "g");
      this.show(this.at);
    }

    range(log) {
      const curves = this.shown.filter((one) => !this.figure.legend[one.entry].aside);
      const values = (keys) => curves.flatMap((one) => keys.flatMap((key) => one[key] ?? [])).filter((v) => v !== null);
      const all = values(["mean", "low", "high"]);
      if (!all.length) return [log ? 0.1 : 0, 1];
      const most = all.reduce((a, b) => Math.max(a, b));
      const least = all.reduce((a, b) => Math.min(a, b));
      if (log) {
        const positive = values(["mean"]).filter((value) => value > 0);
        const floor = positive.length ? 0.5 * positive.reduce((a, b) => Math.min(a, b)) : 0.1;
        return [floor, Math.max(most * 1.1, floor * 10)];
      }
      const means = values(["mean"]);
      const low = means.every((value) => value >= 0) ? 0 : least - 0.04 * (most - least);
      return [low, most > low ? most + 0.04 * (most - low) : low + 1];
    }

    frame(height) {
      const right = this.width - MARGIN.right;
      const words = new Map(this.panel.ticks ?? []);
      for (const value of this.y.ticks) {
        const y = this.y.at(value);
        make(this.svg, "line", { class: "grid", x1: MARGIN.left, x2: right, y1: y, y2: y });
        make(this.svg, "text", { class: "tick-y", x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, short(value));
      }
      for (const value of words.size ? words.keys() : this.x.ticks) {
        const x = this.x.at(value);
        make(this.svg, "line", { class: "grid", x1: x, x2: x, y1: MARGIN.top, y2: this.bottom });
        const place = x > right - 14 ? { x: right + 8, "text-anchor": "end" } : { x, "text-anchor": "middle" };
        make(this.svg, "text", { y: this.bottom + 16, ...place }, words.get(value) ?? short(value));
      }
      make(this.svg, "line", { class: "frame", x1: MARGIN.left, x2: right, y1: this.bottom, y2: this.bottom });
      make(this.svg, "line", { class: "frame", x1: MARGIN.left, x2: MARGIN.left, y1: MARGIN.top, y2: this.bottom });
      const name = { class: "name", "text-anchor": "middle" };
      make(this.svg, "text", { ...name, x: (MARGIN.left + right) / 2, y: height - 6 }, this.panel.xlabel);
      const turn = `translate(12 ${(MARGIN.top + this.bottom) / 2}) rotate(-90)`;
      make(this.svg, "text", { ...name, transform: turn }, this.panel.ylabel);
    }

    line(parent, one) {
      const entry = this.figure.legend[one.entry];
      const group = make(parent, "g", { class: "series", "data-label": entry.label });
      group.style.setProperty("--colour", entry.colour);
      const place = (values, i) => [this.x.at(this.panel.x[i]), this.y.at(values[i])];
      const known = (values) => this.panel.x.map((_, i) => i).filter((i) => values?.[i] != null);
      const path = (values, order) => order.map((i) => place(values, i).map((v) => v.toFixed(1)).join(" ")).join("L");
      const banded = known(one.low).filter((i) => one.high[i] !== null);
      if (one.points) {
        for (const i of banded) {
          const [x, low] = place(one.low, i);
          make(group, "path", { class: "bar", d: `M${x} ${low}V${place(one.high, i)[1]}` });
        }
        for (const i of known(one.mean)) {
          const [cx, cy] = place(one.mean, i);
          make(group, "circle", { class: "point", cx, cy, r: 3 });
        }
      } else if (banded.length > 1) {
        const [over, under] = [path(one.high, banded), path(one.low, [...banded].reverse())];
        make(group, "path", { class: "band", d: `M${over}L${under}Z` });
      }
      const drawn = known(one.mean);
      if (drawn.length) make(group, "path", { class: "line", d: `M${path(one.mean, drawn)}`, ...look(entry) });
    }

    // --- values at a point

    nearest(event) {
      const box = this.plot.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * this.width;
      const away = this.panel.x.map((value) => Math.abs(this.x.at(value) - x));
      return away.indexOf(Math.min(...away));
    }

    move(event) {
      const last = this.panel.x.length - 1;
      const at = this.at ?? last;
      const step = event.shiftKey ? 10 : 1;
      const [on, back] = [at + step, at - step];
      const to = { ArrowRight: on, ArrowUp: on, ArrowLeft: back, ArrowDown: back, Home: 0, End: last }[event.key];
      if (event.key === "Escape") this.show(null);
      if (to === undefined) return;
      event.preventDefault();
      this.show(Math.min(last, Math.max(0, to)));
    }

    values(i) {
      const rows = this.shown.map((one) => ({ one, entry: this.figure.legend[one.entry], mean: one.mean[i] }));
      return rows.filter((row) => row.mean !== null).sort((a, b) => b.mean - a.mean);
    }

    place(i) {
      const words = new Map(this.panel.ticks ?? []);
      const name = this.panel.xlabel === "Round t" ? "t" : this.panel.xlabel;
      const value = this.panel.x[i];
      return `${name} = ${words.get(value) ?? value.toLocaleString("en", { maximumSignificantDigits: 12 })}`;
    }

    say(i) {
      const text = this.values(i).map((row) => `${row.entry.label} ${number(row.mean)}`);
      this.plot.setAttribute("aria-valuenow", String(i));
      this.plot.setAttribute("aria-valuetext", [this.place(i), ...text].join(", "));
    }

    show(i) {
      this.at = i;
      this.cross.replaceChildren();
      this.tip.hidden = i === null;
      if (i === null) return;
      this.say(i);
      const x = this.x.at(this.panel.x[i]);
      make(this.cross, "line", { class: "cross", x1: x, x2: x, y1: MARGIN.top, y2: this.bottom });
      this.tip.replaceChildren();
      make(this.tip, "strong", {}, this.place(i));
      const table = make(this.tip, "table");
      for (const { one, entry, mean } of this.values(i)) {
        const y = this.y.at(mean);
        if (y >= MARGIN.top) {
          const mark = make(this.cross, "g", { class: "series" });
          mark.style.setProperty("--colour", entry.colour);
          make(mark, "circle", { class: "point", cx: x, cy: y, r: 3.5 });
        }
        const row = make(table, "tr");
        swatch(make(row, "td"), entry);
        make(row, "th", { scope: "row" }, entry.label);
        make(row, "td", { class: "number" }, number(mean));
        const low = one.low?.[i] ?? null;
        make(row, "td", { class: "number" }, low === null ? "" : `${number(low)} .. ${number(one.high[i])}`);
      }
      const narrow = this.width < 480;
      const left = x < (MARGIN.left + this.width) / 2;
      this.tip.classList.toggle("under", narrow);
      this.tip.style.left = narrow ? "" : left ? "auto" : `${MARGIN.left + 4}px`;
      this.tip.style.right = narrow ? "" : left ? `${MARGIN.right}px` : "auto";
    }
  }

  // --- legends -------------------------------------------------------------------------------------------------------

  function swatch(parent, entry) {
    const size = { width: 28, height: 10, viewBox: "0 0 28 10" };
    const svg = make(parent, "svg", { ...size, "aria-hidden": "true", class: "series" });
    svg.style.setProperty("--colour", entry.colour);
    make(svg, "path", { class: "line", d: "M1 5H27", ...look(entry) });
  }

  function button(parent, name, pressed, click) {
    const node = make(parent, "button", { type: "button", class: name, "aria-pressed": String(pressed) });
    node.addEventListener("click", () => click(node));
    return node;
  }

  function refresh() {
    for (const node of document.querySelectorAll(".entry")) {
      node.setAttribute("aria-pressed", String(!hidden.has(node.dataset.key)));
    }
    for (const node of document.querySelectorAll(".all")) node.disabled = !hidden.size;
    for (const chart of charts) chart.draw();
  }

  function controls(parent, figure) {
    for (const entry of figure.legend) {
      const key = keyOf(figure, entry);
      const node = button(parent, "entry", true, () => {
        if (!hidden.delete(key)) hidden.add(key);
        refresh();
      });
      node.dataset.key = key;
      swatch(node, entry);
      make(node, "span", { class: "label" }, entry.label);
    }
    const group = make(parent, "div", { class: "scales" });
    const positive = figure.panels.every((panel) => !panel.ticks && panel.x[0] > 0);
    const axes = [...(positive ? [[0, "x", "horizontal"]] : []), ...(figure.signed ? [] : [[1, "y", "vertical"]])];
    for (const [which, letter, name] of axes) {
      const node = button(group, "scale", figure.log[which], (pressed) => {
        figure.log[which] = !figure.log[which];
        pressed.setAttribute("aria-pressed", String(figure.log[which]));
        for (const chart of charts.filter((one) => one.figure === figure)) chart.draw();
      });
      node.textContent = `log ${letter}`;
      node.setAttribute("aria-label", `Logarithmic ${name} axis`);
    }
    const all = make(group, "button", { type: "button", class: "all", disabled: "" }, "show all");
    all.addEventListener("click", () => {
      hidden.clear();
      refresh();
    });
  }

  // --- the page ------------------------------------------------------------------------------------------------------

  document.getElementById("drawn").hidden = false;
  for (const section of document.querySelectorAll("[data-figure]")) {
    const figure = figures[Number(section.dataset.figure)];
    controls(section.querySelector(".controls"), figure);
    const panels = section.querySelector(".panels");
    panels.classList.toggle("single", figure.panels.length === 1);
    for (const panel of figure.panels) charts.push(new Chart(panels, figure, panel));
  }
  refresh();
  let drawn = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === drawn) return; // a phone's bars that come and go change the height alone
    drawn = window.innerWidth;
    refresh();
  });
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

"use strict";
// Tables are the source: choosing something rewrites their cells, and every chart is drawn from the cells of its table.
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("page-data").textContent), (mark) => mark.charCodeAt(0));
  const page = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  const control = document.getElementById("control");
  const hollow = " \u25cb";

  // A curve is kept as how many of its points are complete, its first point, and the step to each further one.
  const pointOf = ([settled, ...steps], place) => {
    if (place >= steps.length) return { value: null, text: page.nothing, complete: true };
    const thousandths = steps.slice(0, place + 1).reduce((sum, step) => sum + step, 0);
    return { value: thousandths / 1000, text: `${(thousandths / 10).toFixed(1)} %`, complete: place < settled };
  };

  const look = (code) => {
    const chosen = { "@p": control.p.value, "@g": control.g.value, "@a": control.a.value };
    const parts = code.split(".").map((part) => chosen[part] ?? part);
    const curve = page.curves[parts.slice(0, -1).join(".")];
    if (curve) return pointOf(curve, Number(parts.at(-1)));
    const found = page.figures[parts.join(".")];
    if (!found) return { value: null, text: page.nothing, complete: true };
    const [value, text, complete = 1] = found;
    return { value, text: page.texts[text], complete: complete === 1 };
  };

  const write = () => {
    for (const element of document.querySelectorAll("[data-f]")) {
      const found = look(element.dataset.f);
      element.textContent = found.text + (found.complete ? "" : hollow);
      const judged = element.dataset.judged !== undefined;
      element.classList.toggle("open", !judged && !found.complete);
      element.classList.toggle("worse", judged && found.value > 0);
      element.classList.toggle("better", judged && found.value < 0);
    }
    const narrowed = (letter) => control[letter].selectedIndex > 0;
    for (const note of document.querySelectorAll("[data-unmoved]")) note.hidden = ![...note.dataset.unmoved].some(narrowed);
    const label = (select) => select.selectedOptions[0]?.textContent ?? "";
    document.getElementById("chosen").textContent =
      `${label(control.p)}; ${label(control.g).toLowerCase()}; ${label(control.a)}.` +
      (narrowed("g") || narrowed("a") ? " What is not by grade or area stays as it is, and says so." : "");
  };

  // Seconds are drawn in the largest unit that the middle of the chart fills.
  const scaleOf = (unit, values) => {
    if (unit !== "s") return [1, ""];
    const most = Math.max(0, ...values);
    return most > 2 * 86400 ? [86400, "days"] : most > 7200 ? [3600, "hours"] : most > 120 ? [60, "minutes"] : [1, "seconds"];
  };

  const cellsOf = (table) => {
    const columns = [...table.tHead.rows[0].cells].slice(1).map((th) => ({ key: th.dataset.column, name: th.textContent }));
    return [...table.tBodies[0].rows].map((tr, i) => ({
      row: tr.cells[0].textContent, at: Number(tr.cells[0].dataset.at), i,
      cells: columns.map((column, j) => ({ j, ...column, ...look(tr.cells[j + 1].dataset.f) })),
    }));
  };

  // "wide": one datum a row of the table, its columns by key; "long": one datum a cell.
  const dataOf = (lines, shape, scale) => shape === "wide"
    ? lines.map(({ row, i, cells }) => Object.assign({ row, i }, ...cells.map((c) => ({
      [c.key]: c.value === null || c.key === "signal" ? c.value : c.value / scale,
      [`${c.key}_text`]: c.text, [`${c.key}_complete`]: c.complete,
    }))))
    : lines.flatMap(({ row, at, i, cells }) => cells.map((c) => ({
      row, at, i, j: c.j, key: c.key, column: c.name, value: c.value === null ? null : c.value / scale, text: c.text, complete: c.complete,
    }))).filter((c) => c.value !== null);

  // On a phone words stand below each other: beside each other the last would be cut off, or leave the bars no room.
  const isNarrow = (figure) => figure.clientWidth <= 480;
  const themeOf = (figure) => isNarrow(figure) ? {
    ...page.theme, lineBreak: "\n", legend: { ...page.theme.legend, columns: 1 }, axisX: { titleAnchor: "end", labelOverlap: "greedy", labelSeparation: 4 },
  } : page.theme;
  const LINE = 17;
  const broken = (words) => words.replace(new RegExp(`(.{1,${LINE}})( |$)`, "g"), "$1\n").trimEnd();

  // A line that no row has a value for (a target, limits before there are any) is left out.
  const layersOf = (layers, rows) => layers.filter((layer) => {
    const field = layer.encoding?.y?.field;
    return !field || rows.some((row) => row[field] !== null && row[field] !== undefined);
  });

  const drawn = new Map();
  const draw = async (figure) => {
    figure.hidden = false;
    const table = document.getElementById(figure.dataset.table);
    const lines = cellsOf(table);
    const values = lines.flatMap(({ cells }) => cells.filter((c) => c.key !== "signal" && c.value !== null).map((c) => c.value));
    const [scale, word] = scaleOf(table.dataset.unit, values);
    const spec = structuredClone(page.specs[figure.dataset.chart]);
    const rows = dataOf(lines, spec.usermeta.callclock.shape, scale);
    const { rowHeight } = spec.usermeta.callclock;
    const stacked = rowHeight && isNarrow(figure) && lines.some(({ row }) => row.length > LINE);
    if (stacked) for (const datum of rows) datum.row = broken(datum.row);
    if (rowHeight) spec.height = (stacked ? Math.max(rowHeight, 46) : rowHeight) * lines.length;
    spec.datasets = { rows };
    spec.config = themeOf(figure);
    // From nought, but where all lies near the top: there the picture would be a flat line.
    const zero = Math.min(...values) < 0.75 * Math.max(...values);
    spec.params = [{ name: "unit", value: table.dataset.unit }, { name: "zero", value: zero }];
    if (spec.layer) spec.layer = layersOf(spec.layer, rows);
    const plot = figure.querySelector(".plot");
    plot.setAttribute("aria-label", `${plot.dataset.title}. ${figure.querySelector("figcaption").textContent}`);
    drawn.get(figure)?.finalize();
    drawn.delete(figure);
    // The plot is one image with a text alternative, and its table says the rest: what lies in it is not for readers.
    const picture = document.createElement("div");
    picture.setAttribute("aria-hidden", "true");
    picture.style.width = "100%";
    plot.replaceChildren(picture);
    figure.querySelector(".unit").textContent = values.length === 0 ? "Nothing to draw for this choice." : word && `in ${word}`;
    if (values.length === 0) return;
    drawn.set(figure, await vegaEmbed(picture, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true }));
  };

  const figures = [...document.querySelectorAll("figure[data-chart]")];
  const show = async () => {
    write();
    for (const figure of figures) await draw(figure);
    document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn ?? 0) + 1);
  };

  control.hidden = false;
  control.addEventListener("change", show);
  control.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("chosen").classList.add("unseen");
  const folded = [...document.querySelectorAll("details:not([data-unfolded])")];
  for (const details of folded) details.open = false;
  // Paper has no hands: what no chart says is open when the page is printed, but for queries, which nobody types from
  // paper: their names are printed. What else is open on the screen is printed too.
  const only = folded.filter((details) => !details.matches("#queries ~ details") && !details.parentElement.querySelector("figure[data-chart]"));
  let opened = [];
  addEventListener("beforeprint", () => { opened = only.filter((d) => !d.open); for (const d of opened) d.open = true; });
  addEventListener("afterprint", () => { for (const d of opened) d.open = false; });
  const tables = folded.filter((details) => !details.matches("#queries ~ details"));
  const unfold = document.getElementById("unfold");
  unfold.addEventListener("click", () => {
    const open = tables.some((details) => !details.open);
    for (const details of tables) details.open = open;
    unfold.textContent = open ? "Fold the tables away" : "Open every table";
  });
  // A link to a query opens it.
  const follow = () => {
    const end = document.getElementById(location.hash.slice(1));
    if (end instanceof HTMLDetailsElement) { end.open = true; end.scrollIntoView(); }
  };
  addEventListener("hashchange", follow);
  follow();
  show();
})();

const dashes = { test: null, validation: "7 4", train: "1.5 4.5" };
const runDashes = [null, "8 4", "2 4", "10 3 2 3", "5 2", "12 5"];
const symbols = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar];

/** What the charts show, and what of that the reader has chosen. */
const choice = { against: "time", scale: "log", part: null };
const chosen = {};
const redrawings = [];

const symbolOf = (run) => d3.symbol().type(symbols[run.index % 6]).size(48)();

/** The symbol and line of a run, as in the charts. */
function swatch(run, width = 30) {
    const svg = d3.create("svg").attr("width", width).attr("height", 12).attr("aria-hidden", "true").attr("class", run.color);
    svg.append("line").attr("class", "curve").attr("x1", 1).attr("x2", width - 1).attr("y1", 6).attr("y2", 6)
        .attr("stroke-dasharray", runDashes[run.index % 6]);
    svg.append("path").attr("class", "mark").attr("transform", `translate(${width / 2},6)`)
        .attr("d", symbolOf(run));
    return svg.node();
}

/** The lines of a column of metrics.csv: {run, label, points: [{x, y, step}]}, without what is not there. */
function linesOf(column, these = runs, label = (run) => run.name) {
    return these.map((run) => ({
        run,
        label: label(run),
        color: run.color,
        dash: several ? runDashes[run.index % 6] : null,
        points: run.steps.map((step, row) => ({
            x: choice.against === "time" ? run.metrics.seconds[row] : step,
            y: run.column(column)[row],
            step,
        })).filter((point) => isNumber(point.y)),
    })).filter((line) => line.points.length > 0);
}

/** One run: a line for each part of the data. Several: a line for each run, of the part that is chosen. */
function linesOfFigure(figure) {
    const these = runs.filter((run) => run.figure === figure);
    if (several) {
        return these.flatMap((run) => linesOf(`${run.parts.includes(choice.part) ? choice.part : run.judged}_${figure}`, [run]));
    }
    return these[0].parts.flatMap((part) => linesOf(`${part}_${figure}`, these, () => part).map((line) => ({
        ...line, dash: dashes[part], color: part === these[0].judged ? line.color : `part-${part}`,
    })));
}

/** Moves labels apart that are less than `gap` apart; `top` and `bottom` bound them. */
function spread(labels, gap, top, bottom) {
    labels.sort((a, b) => a.y - b.y);
    labels.forEach((label, i) => { label.y = Math.max(label.y, i ? labels[i - 1].y + gap : top); });
    for (let i = labels.length - 1, limit = bottom; i >= 0; --i, limit -= gap) {
        labels[i].y = Math.min(labels[i].y, limit);
    }
}

/**
 * A chart of curves with a read-out under the pointer or the arrow keys.
 * @param lines () => what linesOf() gives   @param options write(y), logarithmic (whether the choice of scale
 * applies), best ("max", "min" or null), note(lines): the caption
 */
function curves(title, lines, options) {
    const caption = html("figcaption");
    const figure = html("figure", { class: "chart" }, html("h3", {}, title), caption);
    const readout = html("div", { class: "readout", hidden: "" });
    const svg = d3.select(figure).append("svg").attr("role", "img").attr("tabindex", 0);
    figure.append(readout);
    let cursor = null;

    function draw() {
        const logarithmic = options.logarithmic && choice.scale === "log";
        const shown = lines().map((line) => ({ ...line, points: line.points.filter((point) => !logarithmic || point.y > 0) }))
            .filter((line) => line.points.length > 0);
        const points = shown.flatMap((line) => line.points);
        const width = figure.clientWidth || 460;
        const height = 250;
        const box = { left: 48, right: several ? 60 : 74, top: 12, bottom: 40 };
        const right = width - box.right;
        const bottom = height - box.bottom;
        svg.attr("viewBox", `0 0 ${width} ${height}`).selectAll("*").remove();
        caption.textContent = options.note?.(shown) ?? "";
        svg.attr("aria-label", `${title} over ${choice.against === "time" ? "seconds of training" : stepNoun()}. ` +
            shown.map((line) => `${line.label}: ${options.write(line.points.at(-1).y)} at the end`).join("; "));
        if (points.length === 0) {
            return;
        }

        const [low, high] = d3.extent(points, (point) => point.y);
        const around = 0.1 * Math.abs(low) + 0.01 * (low === 0);
        const y = logarithmic ? d3.scaleLog().domain([low / 1.15, high * 1.15])
            : d3.scaleLinear().domain(low === high ? [low - around, high + around] : [low, high]).nice();
        y.range([bottom, box.top]);
        const [begin, end] = d3.extent(points, (point) => point.x);
        const x = d3.scaleLinear().domain([choice.against === "time" ? 0 : Math.min(begin, 1), end === begin ? end + 1 : end]).range([box.left, right]);

        const ticks = logarithmic ? logarithmicTicks(y.domain()) : y.ticks(5);
        svg.append("g").attr("class", "axis").attr("transform", `translate(${box.left},0)`)
            .call(d3.axisLeft(y).tickValues(ticks).tickFormat(tickText).tickSize(-(right - box.left)).tickPadding(8))
            .call((axis) => axis.select(".domain").remove());
        const whole = choice.against === "time" ? x.ticks(width < 420 ? 4 : 6) : x.ticks(Math.min(width < 420 ? 5 : 8, x.domain()[1])).filter(Number.isInteger);
        svg.append("g").attr("class", "axis bottom").attr("transform", `translate(0,${bottom})`)
            .call(d3.axisBottom(x).tickValues(whole).tickFormat(d3.format("~g")).tickSizeOuter(0).tickSize(4).tickPadding(6));
        svg.append("text").attr("class", "quiet small").attr("x", right).attr("y", height - 4).attr("text-anchor", "end")
            .text(choice.against === "time" ? "seconds of training" : stepNoun());

        const labels = [];
        for (const line of shown) {
            const group = svg.append("g").attr("class", line.color);
            group.append("path").attr("class", "curve").attr("stroke-dasharray", line.dash)
                .attr("d", d3.line().x((point) => x(point.x)).y((point) => y(point.y))(line.points));
            const marks = several ? line.points.filter((_, i) => i % Math.ceil(line.points.length / 8) === 0) : line.points.length === 1 ? line.points : [];
            group.selectAll(".mark").data(marks).enter().append("path").attr("class", "mark")
                .attr("d", symbolOf(line.run))
                .attr("transform", (point) => `translate(${x(point.x)},${y(point.y)})`);
            const last = line.points.at(-1);
            const edge = x(last.x) > right - 30;
            const above = !edge && line.points.length > 1 && last.y > line.points.at(-2).y;
            labels.push({ line, edge, above, x: x(last.x) + (above ? 0 : 8), y: y(last.y) + (above ? -9 : 4), text: several ? options.write(last.y).replace(" %", "") : shown.length > 1 ? line.label : options.write(last.y) });
            if (options.best && (several || line === shown[0])) {
                const best = line.points[options.best === "max" ? d3.scan(line.points, (a, b) => b.y - a.y) : d3.scan(line.points, (a, b) => a.y - b.y)];
                group.append("circle").attr("class", "ring").attr("r", 4.5).attr("cx", x(best.x)).attr("cy", y(best.y))
                    .append("title").text(`best ${line.label}: ${options.write(best.y)}`);
            }
        }
        // Before the right edge, the label of a line that rises to its end stands above it.
        spread(labels.filter((label) => label.edge), 13, box.top, bottom);
        svg.append("g").selectAll("text").data(labels).enter().append("text").attr("class", (label) => `end ${label.line.color}`)
            .attr("text-anchor", (label) => (label.above ? "middle" : "start")).attr("x", (label) => label.x).attr("y", (label) => label.y).text((label) => label.text);

        const xs = [...new Set(points.map((point) => point.x))].sort(d3.ascending);
        const rule = svg.append("line").attr("class", "cursor").attr("y1", box.top).attr("y2", bottom).attr("visibility", "hidden");
        const dots = svg.append("g");
        function show(position) {
            cursor = position;
            readout.hidden = position === null;
            rule.attr("visibility", position === null ? "hidden" : "visible");
            dots.selectAll("*").remove();
            if (position === null) {
                return;
            }
            const at = xs[position];
            const near = shown.map((line) => ({ line, point: line.points[d3.scan(line.points, (a, b) => Math.abs(a.x - at) - Math.abs(b.x - at))] }));
            rule.attr("x1", x(at)).attr("x2", x(at));
            for (const { line, point } of near) {
                dots.append("g").attr("class", line.color).append("circle").attr("class", "ring").attr("r", 3.5).attr("cx", x(point.x)).attr("cy", y(point.y));
            }
            readout.replaceChildren(html("table", {}, ...near.map(({ line, point }) => html("tr", {},
                html("th", {}, several ? swatch(line.run, 22) : "", line.label),
                html("td", {}, `${line.run.unit} ${point.step}`),
                html("td", {}, write.seconds(line.run.metrics.seconds[line.run.steps.indexOf(point.step)])),
                html("td", {}, options.write(point.y))))));
            const place = svg.node().getBoundingClientRect();
            const left = x(at) * (place.width / width);
            const beside = left < figure.clientWidth / 2 ? left + 14 : left - 14 - readout.offsetWidth;
            readout.style.top = `${place.top - figure.getBoundingClientRect().top}px`;
            readout.style.left = `${Math.max(0, Math.min(beside, figure.clientWidth - readout.offsetWidth))}px`;
        }
        svg.on("pointermove pointerdown", () => {
            const place = svg.node().getBoundingClientRect();
            const at = x.invert((d3.event.clientX - place.left) * (width / place.width));
            show(d3.scan(xs, (a, b) => Math.abs(a - at) - Math.abs(b - at)));
        }).on("pointerleave blur", () => show(null)).on("keydown", () => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[d3.event.key];
            if (step) {
                d3.event.preventDefault();
                show(Math.max(0, Math.min(xs.length - 1, cursor === null ? (step > 0 ? 0 : xs.length - 1) : cursor + step)));
            }
        });
        show(null);
    }
    redrawings.push(draw);
    return figure;
}

/** Powers of ten, with their halves and fifths or their tenths where these are too few; at most six or so. */
function logarithmicTicks([low, high]) {
    const times = (factors) => d3.range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)) + 1)
        .flatMap((power) => factors.map((factor) => +`${factor}e${power}`)).filter((tick) => tick >= low && tick <= high);
    const ticks = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]].map(times).find((some) => some.length >= 3) ?? d3.ticks(low, high, 4);
    return ticks.filter((_, i) => i % Math.ceil(ticks.length / 6) === 0);
}

function tickText(value) {
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? withPower(value, 3) : minus(d3.format(",.6~g")(value));
}

/** "sweeps", "epochs", or both where the runs differ. */
function stepNoun() {
    return [...new Set(runs.map((run) => `${run.unit}s`))].join(" or ");
}

/** A choice of one among a few words; `chosen` is called with its value. */
function choose(name, words, value, chosen) {
    const fieldset = html("fieldset", {}, html("legend", {}, name));
    for (const [key, word] of words) {
        const input = html("input", { type: "radio", name, value: key });
        input.checked = key === value;
        input.addEventListener("change", () => chosen(key));
        fieldset.append(html("label", {}, input, word));
    }
    return fieldset;
}

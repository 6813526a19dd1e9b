const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** A picture of `bytes`, one for each channel of a pixel; `color` maps a byte to [red, green, blue]. */
function picture(bytes, [rows, columns, channels], color, label) {
    const canvas = html("canvas", { width: columns, height: rows, role: "img", "aria-label": label, title: label });
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let i = 0; i < rows * columns; i += 1) {
        const rgb = channels === 3 ? [0, 1, 2].map((k) => color(bytes[3 * i + k])[k]) : color(bytes[i]);
        image.data.set([...rgb, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
    return canvas;
}

const signed = (byte) => (byte < 128 ? byte : byte - 256);
const diverging = d3.range(256).map((byte) => {
    const { r, g, b } = d3.rgb(d3.interpolateRdBu(0.5 + signed(byte) / 254));
    return [r, g, b];
});
const around = (byte) => new Array(3).fill(128 + signed(byte));

function weightPictures(run) {
    const { weights } = run.model;
    const bytes = bytesOf(weights.bytes);
    const [rows, columns, channels] = weights.image;
    const pixels = rows * columns * channels;
    const color = channels === 3 ? around : (byte) => diverging[byte];
    const ramp = d3.range(11).map((i) => d3.interpolateRdBu(i / 10)).join(", ");
    const scale = write.number(+weights.scale.toPrecision(2));
    return [
        html("ul", { class: "tiles" }, ...weights.units.map((unit, i) => html("li", {},
            picture(bytes.subarray(i * pixels, (i + 1) * pixels), weights.image, color, `weights of unit ${unit}`)))),
        channels === 3 ? null : html("p", { class: "scale" }, `\u2212${scale}`, html("i", { style: `background: linear-gradient(90deg, ${ramp})` }), scale),
    ].filter(Boolean);
}

/** Counts in cells; errors are colored by their number, what is right stays gray. */
function confusionMatrix(run) {
    const counts = run.model.figures.confusion;
    const classes = counts.length;
    const errors = counts.flatMap((row, i) => row.filter((_, j) => i !== j));
    const most = d3.max(errors) || 1;
    const name = (label, length) => {
        const text = className(run, label);
        return text.length > length ? `${text.slice(0, length - 1)}…` : text;
    };
    const longest = Math.min(9, d3.max(d3.range(classes), (label) => className(run, label).length));
    return drawing(`Confusion matrix of ${classes} classes: rows are true classes, columns predicted ones`, (svg, width) => {
        const left = 24 + 7 * longest;
        const right = 56;
        const cell = Math.min(46, (width - left - right) / classes);
        const size = cell < 28 ? 9.5 : 12;
        const upright = cell >= 7 * longest + 4;
        const top = 24 + (upright ? 10 : 6 * longest);
        svg.append("text").attr("class", "quiet small").attr("x", left).attr("y", 11).text("predicted");
        svg.append("text").attr("class", "quiet small").attr("transform", `translate(9,${top + classes * cell / 2}) rotate(-90)`).attr("text-anchor", "middle").text("true");
        svg.append("text").attr("class", "quiet small").attr("x", left + classes * cell + 8).attr("y", top - 7).text("right");
        counts.forEach((row, i) => {
            const y = top + i * cell;
            const all = d3.sum(row);
            if (cell >= 11 || i % 2 === 0) {
                svg.append("text").attr("x", left - 8).attr("y", y + cell / 2 + 4).attr("text-anchor", "end").text(name(i, longest));
                const column = svg.append("text").text(name(i, longest));
                upright ? column.attr("x", left + (i + 0.5) * cell).attr("y", top - 7).attr("text-anchor", "middle")
                    : column.attr("transform", `translate(${left + (i + 0.5) * cell + 4},${top - 7}) rotate(-60)`);
                svg.append("text").attr("class", "quiet small").attr("x", left + classes * cell + 8).attr("y", y + cell / 2 + 4)
                    .text(all ? `${(100 * row[i] / all).toFixed(1)} %` : "");
            }
            row.forEach((count, j) => {
                const depth = 0.58 * Math.sqrt(count / most);  // as dark as text on it can be read in light and dark
                const group = svg.append("g");
                group.append("rect").attr("class", i === j ? "diagonal" : "cell").attr("fill-opacity", i === j ? null : depth)
                    .attr("x", left + j * cell + 0.5).attr("y", y + 0.5).attr("width", cell - 1).attr("height", cell - 1);
                group.append("title").text(`true ${className(run, i)}, predicted ${className(run, j)}: ${count}`);
                if (cell >= 20) {
                    group.append("text").attr("class", count === 0 ? "quiet" : "")
                        .attr("style", `font-size:${String(count).length > 3 ? size - 1 : size}px`)
                        .attr("x", left + (j + 0.5) * cell).attr("y", y + cell / 2 + 4).attr("text-anchor", "middle").text(count === 0 ? "·" : count);
                }
            });
        });
        return top + classes * cell + 2;
    });
}

function confusedSamples(run) {
    const score = (value) => (run.settings["network.output"] === "linear" ? write.number(value) : `${(100 * value).toFixed(value > 0.9995 ? 0 : 1)} %`);
    const pictures = run.model.image[0] > 0;
    const rows = run.model.confused;
    if (!pictures) {
        return html("div", { class: "scroll", tabindex: 0 }, html("table", {},
            html("thead", {}, html("tr", {}, ...["sample", "true", "predicted", "score of it", "score of the true"].map((word) => html("th", {}, word)))),
            html("tbody", {}, ...rows.slice(0, 12).map((row) => html("tr", {}, html("th", {}, d3.format(",")(row.sample)),
                ...[className(run, row.label), className(run, row.predicted), score(row.score), score(row.score_of_label)].map((text) => html("td", {}, text)))))));
    }
    return html("ul", { class: "tiles samples" }, ...rows.map((row) => {
        const [label, predicted] = [className(run, row.label), className(run, row.predicted)];
        return html("li", {},
            picture(bytesOf(row.bytes), run.model.image, (byte) => [byte, byte, byte],
                `sample ${row.sample}: ${label}, predicted ${predicted} with ${score(row.score)}, the true class with ${score(row.score_of_label)}`),
            html("p", {}, `${label} → ${predicted}`), html("p", {}, score(row.score)));
    }));
}

/** Networks of pictures: each as it was, as it was given, and as it was made. */
function restoredPictures(run) {
    const gray = (byte) => [byte, byte, byte];
    return html("div", { class: "restored" }, ...run.model.restored.map((row) => html("figure", {},
        ...[["clean", null], ["given", row.given_psnr], ["made", row.made_psnr]].map(([key, psnr]) => html("div", {},
            picture(bytesOf(row[key]), row.image, gray, `${row.name}, ${key}`),
            html("p", {}, psnr === null ? row.name : `${key}, ${write.decibel(psnr)}`))))));
}

/** Regression: predicted against true values. */
/** Certified accuracy against the radius. */
function certified(run) {
    const { curve } = run.model.certificate;
    const farthest = curve.at(-1)[0];
    return drawing(`Share of samples that are right with a radius of at least so much, from ${write.percent(curve[0][1])} at 0 to ${write.percent(curve.at(-1)[1])} at ${write.number(farthest)}`, (svg, width) => {
        const height = 280;
        const [left, bottom] = [52, height - 40];
        const x = d3.scaleLinear().domain([0, farthest || 1]).range([left, width - 12]);
        const y = d3.scaleLinear().domain([0, 100]).range([bottom, 20]);
        svg.append("g").attr("class", "axis").attr("transform", `translate(${left},0)`)
            .call(d3.axisLeft(y).ticks(5).tickFormat(tickText).tickSize(-(width - 12 - left)).tickPadding(8)).call((axis) => axis.select(".domain").remove());
        svg.append("g").attr("class", "axis bottom").attr("transform", `translate(0,${bottom})`).call(d3.axisBottom(x).ticks(5).tickFormat(tickText).tickSizeOuter(0));
        svg.append("g").attr("class", run.color).append("path").attr("class", "curve").attr("d", d3.line().x(([radius]) => x(radius)).y(([, share]) => y(share))(curve));
        svg.append("text").attr("class", "quiet small").attr("x", width - 12).attr("y", height - 4).attr("text-anchor", "end").text("radius");
        svg.append("text").attr("class", "quiet small").attr("y", 10).text("certified accuracy in per cent");
        return height;
    });
}

function scatter(run) {
    const pairs = run.model.predictions;
    return drawing(`Predicted against true values of ${pairs.length} samples`, (svg, width) => {
        const size = Math.min(width, 480);
        const [left, bottom] = [52, size - 40];
        const range = d3.extent(pairs.flat());
        const x = d3.scaleLinear().domain(range).range([left, size - 12]).nice();
        const y = d3.scaleLinear().domain(x.domain()).range([bottom, 20]);
        svg.append("g").attr("class", "axis").attr("transform", `translate(${left},0)`)
            .call(d3.axisLeft(y).ticks(5).tickFormat(tickText).tickSize(-(size - 12 - left)).tickPadding(8)).call((axis) => axis.select(".domain").remove());
        svg.append("g").attr("class", "axis bottom").attr("transform", `translate(0,${bottom})`).call(d3.axisBottom(x).ticks(5).tickFormat(tickText).tickSizeOuter(0));
        svg.append("line").attr("class", "cursor").attr("stroke-dasharray", "4 4").attr("x1", x.range()[0]).attr("x2", x.range()[1]).attr("y1", y.range()[0]).attr("y2", y.range()[1]);
        svg.append("g").attr("class", "run-0").selectAll("circle").data(pairs).enter().append("circle").attr("class", "mark").attr("fill-opacity", 0.7)
            .attr("stroke-width", 0.5).attr("r", 3).attr("cx", ([truth]) => x(truth)).attr("cy", ([, predicted]) => y(predicted))
            .append("title").text(([truth, predicted]) => `true ${write.number(truth)}, predicted ${write.number(predicted)}`);
        svg.append("text").attr("class", "quiet small").attr("x", size - 12).attr("y", size - 4).attr("text-anchor", "end").text("true value");
        svg.append("text").attr("class", "quiet small").attr("y", 10).text("predicted value");
        return size;
    });
}

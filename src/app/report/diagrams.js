const phases = [
    ["activations", "activations", "on-dark"],
    ["weights", "weights", null],
    ["exchange", "exchange", null],
    ["wait", "waiting", null],
];

/** Diagonal lines, for what is not work; on the page once for each drawing. */
function hatching(svg, id) {
    svg.append("defs").append("pattern").attr("id", id).attr("width", 6).attr("height", 6).attr("patternUnits", "userSpaceOnUse")
        .attr("patternTransform", "rotate(45)").append("line").attr("class", "hatching").attr("y2", 6).attr("stroke-opacity", 0.55);
}

/** Draws `draw(svg, width)`, which returns the height, whenever the width changes. */
function drawing(label, draw) {
    const figure = html("figure", { class: "chart" });
    const svg = d3.select(figure).append("svg").attr("role", "img").attr("aria-label", label);
    redrawings.push(() => {
        const width = figure.clientWidth || 460;
        svg.selectAll("*").remove();
        svg.attr("viewBox", `0 0 ${width} ${draw(svg, width)}`);
    });
    return figure;
}

/** Seconds of each rank in each phase; of the mean rank where the run's summary has none. */
function phaseSeconds(run) {
    const ranks = run.tells("phase_seconds");
    if (ranks) {
        return ranks.map((seconds, rank) => ({ name: `rank ${rank}`, ...seconds }));
    }
    const sum = (phase) => d3.sum(run.column(`seconds_${phase}`)) * Math.max(1, run.every);
    return [{ name: "mean rank", ...Object.fromEntries(phases.map(([phase]) => [phase, sum(phase)])) }];
}

function phaseBars(run) {
    const ranks = phaseSeconds(run);
    const total = (rank) => d3.sum(phases, ([phase]) => rank[phase]);
    const label = `Seconds of each phase. ${ranks.slice(0, 64).map((rank) => `${rank.name}: ` +
        phases.map(([phase, word]) => `${word} ${rank[phase].toFixed(2)}`).join(", ")).join("; ")}`;
    const legend = html("ul", { class: "legend" }, ...phases.map(([phase, word]) => {
        const svg = d3.create("svg").attr("width", 14).attr("height", 14).attr("aria-hidden", "true");
        svg.append("rect").attr("class", `phase-${phase}`).attr("width", 14).attr("height", 14);
        if (phase === "wait") {
            hatching(svg, `hatching-key-${run.index}`);
            svg.append("rect").attr("width", 14).attr("height", 14).attr("fill", `url(#hatching-key-${run.index})`);
        }
        return html("li", {}, svg.node(), word);
    }));
    const figure = drawing(label, (svg, width) => {
        const row = ranks.length <= 16 ? 30 : ranks.length <= 48 ? 18 : 10;
        const left = ranks[0].name.length > 8 ? 74 : 56;
        const longest = d3.max(ranks, total);
        const digits = longest < 0.1 ? 4 : longest < 1 ? 3 : longest < 100 ? 2 : 1;
        const x = d3.scaleLinear().domain([0, longest || 1]).range([left, width - 62]);
        hatching(svg, `hatching-${run.index}`);
        ranks.forEach((rank, i) => {
            const y = i * row;
            const group = svg.append("g");
            if (row >= 14 || i % 4 === 0) {
                group.append("text").attr("class", "quiet").attr("y", y + row / 2 + 4).text(rank.name);
                group.append("text").attr("x", x(total(rank)) + 8).attr("y", y + row / 2 + 4).text(`${total(rank).toFixed(digits)} s`);
            }
            let begin = 0;
            for (const [phase, word, text] of phases) {
                const [from, to] = [x(begin), x(begin + rank[phase])];
                begin += rank[phase];
                const segment = group.append("g");
                for (const fill of phase === "wait" ? [null, `url(#hatching-${run.index})`] : [null]) {
                    segment.append("rect").attr("class", fill ? "segment" : `segment phase-${phase}`).attr("fill", fill)
                        .attr("x", from).attr("y", y + 2).attr("width", Math.max(0, to - from)).attr("height", row - 4);
                }
                segment.append("title").text(`${rank.name}, ${word}: ${rank[phase].toFixed(digits + 1)} s, ${write.share(100 * rank[phase] / total(rank))}`);
                if (to - from > 40 && row >= 24 && phase !== "wait") {
                    segment.append("text").attr("class", `small ${text ?? ""}`).attr("x", (from + to) / 2).attr("y", y + row / 2 + 4)
                        .attr("text-anchor", "middle").text(rank[phase].toFixed(digits));
                }
            }
        });
        return ranks.length * row;
    });
    return [legend, figure];
}

/** Ranks on layers (down) and samples (across). */
function gridDiagram(run) {
    const layers = run.model?.layers ?? [];
    const { shards, stage_layers: stages } = run.summary;
    const label = `The grid. ${stages.map(([begin, end], stage) =>
        `Stage ${stage}: layers ${begin} to ${end - 1}, ${plural(shards[stage], "shard")}`).join("; ")}`;
    return drawing(label, (svg, width) => {
        const row = 46;
        const left = 108;
        const top = 24;
        svg.append("text").attr("class", "quiet small").attr("x", left).attr("y", 12).text("first sample");
        svg.append("text").attr("class", "quiet small").attr("x", width).attr("y", 12).attr("text-anchor", "end").text("last sample");
        let first = 0;
        stages.forEach(([begin, end], stage) => {
            for (let layer = begin; layer < end; ++layer) {
                const y = top + layer * row;
                svg.append("text").attr("y", y + 20).text(`layer ${layer}`);
                if (layers[layer]) {
                    svg.append("text").attr("class", "quiet small").attr("y", y + 35).text(`${layers[layer].inputs} → ${layers[layer].outputs}`);
                }
            }
            const across = (width - left) / shards[stage];
            for (let shard = 0; shard < shards[stage]; ++shard) {
                const rank = first + shard;
                const height = (end - begin) * row;
                const y = top + begin * row;
                const group = svg.append("g");
                group.append("rect").attr("class", "owner").attr("style", `--share: ${stages.length > 1 ? 14 + 24 * (stage % 2) : 20}%`)
                    .attr("x", left + shard * across).attr("y", y).attr("width", across).attr("height", height).attr("rx", 3);
                group.append("title").text(`rank ${rank}: layers ${begin} to ${end - 1}, shard ${shard + 1} of ${shards[stage]}`);
                const name = across > 52 ? `rank ${rank}` : across > 20 ? String(rank) : "";
                group.append("text").attr("class", "strong").attr("x", left + (shard + 0.5) * across).attr("y", y + height / 2 + 4)
                    .attr("text-anchor", "middle").text(name);
            }
            first += shards[stage];
        });
        return top + stages.at(-1)[1] * row;
    });
}

/** Share of linear activations and gap of each hidden layer. */
function layerTable(run) {
    const figures = run.model.figures;
    const bar = (share) => {
        const svg = d3.create("svg").attr("class", "share").attr("viewBox", "0 0 100 10").attr("preserveAspectRatio", "none").attr("aria-hidden", "true");
        svg.append("rect").attr("class", "phase-exchange").attr("width", 100).attr("height", 10);
        svg.append("rect").attr("class", "phase-activations").attr("width", share).attr("height", 10);
        return svg.node();
    };
    return html("div", { class: "scroll", tabindex: 0 }, html("table", { class: "wide" },
        html("thead", {}, html("tr", {}, html("th", { class: "text" }, "layer"), html("th", {}, "units"), html("th", { class: "text" }, "activation"),
            html("th", {}, ""), html("th", {}, "linear"), html("th", {}, "gap"))),
        html("tbody", {}, ...figures.share_linear.map((share, i) => html("tr", {},
            html("th", {}, String(i + 1)), html("td", {}, String(run.model.layers[i].units)), html("td", { class: "text" }, run.model.layers[i].activation),
            html("td", {}, bar(share)), html("td", {}, write.share(share)), html("td", {}, isNumber(figures.gap[i]) ? write.number(+figures.gap[i].toPrecision(3)) : "∞"))))));
}

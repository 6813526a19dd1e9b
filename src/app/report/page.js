const page = document.getElementById("page");

function section(title, ...children) {
    return html("section", {}, html("h2", {}, title), ...children.flat());
}
const prose = (text) => html("p", { class: "prose" }, text);

/** The figures of a run, in the order of their weight: [name, text, aside]. */
function keyFigures(run) {
    const judged = run.judged;
    const value = (part) => run.tells(`${part}_${run.figure}`) ?? run.last(`${part}_${run.figure}`);
    const figures = [];
    if (judged) {
        const best = run.best(judged);
        figures.push([`${judged} ${run.figure}`, run.write(value(judged)), run.write(best) === run.write(value(judged)) ? run.complete ? "the best of the run" : "the best so far" : `best ${run.write(best)}`]);
    }
    const seconds = run.tells("seconds_training") ?? run.last("seconds");
    if (seconds !== null) {
        figures.push(["training", write.seconds(seconds), plural(run.steps.at(-1) ?? 0, run.unit)]);
    }
    if (run.tells("seconds_to_target") !== null) {
        figures.push(["time to target", write.seconds(run.tells("seconds_to_target")), `${run.settings["train.target_accuracy"]} ${run.figure === "psnr" ? "dB" : "%"}`]);
    }
    if (run.last("objective") !== null) {
        figures.push(["objective", write.number(run.last("objective")), `loss ${write.number(run.last("loss"))}`]);
    }
    if (run.tells("idle_fraction") !== null) {
        figures.push(["waiting", write.share(100 * run.tells("idle_fraction")), `of the time of ${plural(run.tells("ranks"), "rank")}`]);
    }
    if (run.tells("peak_memory") !== null) {
        figures.push(["memory", write.bytes(run.tells("peak_memory")), "at most per rank"]);
    }
    return html("dl", { class: "figures" }, ...figures.map(([name, text, aside]) => {
        const [, number, unit] = /^(.*\d)( [%a-zA-Z]+)?$/.exec(text) ?? [null, text, null];
        return html("div", {}, html("dt", {}, name), html("dd", {}, number, unit ? html("small", {}, unit) : null), html("dd", { class: "aside" }, aside));
    }));
}

/** Whether more of it is better. */
const rises = (figure) => FIGURES[figure].better === d3.max;

/** Figures down, runs across; the best of a row is marked. */
function comparison() {
    const rows = [
        ["formulation", method],
        ["network", (run) => run.layers],
        ...["test", "validation", "train"].flatMap((part) => Object.keys(FIGURES).map((figure) =>
            [`${part} ${figure}`, (run) => run.tells(`${part}_${figure}`) ?? run.last(`${part}_${figure}`),
                FIGURES[figure].write, FIGURES[figure].better])),
        ["best test accuracy", (run) => (run.figure === "accuracy" ? run.best("test") : null), write.percent, d3.max],
        ["objective", (run) => run.last("objective"), write.number],
        ["loss", (run) => run.last("loss"), write.number],
        ["residual of the activations", (run) => run.tells("residual") ?? run.last("residual"), write.number, d3.min],
        ["units always on", (run) => run.tells("always_on") ?? run.last("always_on"), write.percent],
        ["units always off", (run) => run.tells("always_off") ?? run.last("always_off"), write.percent],
        ["training", (run) => run.tells("seconds_training") ?? run.last("seconds"), write.seconds, d3.min],
        ["sweeps or epochs", (run) => (run.rows ? plural(run.steps.at(-1), run.unit) : null)],
        ["ranks", (run) => run.tells("ranks"), String],
        ["grid", (run) => (run.summary ? `${run.summary.stages} × ${[...new Set(run.summary.shards)].join(", ")}` : null)],
        ["waiting", (run) => run.tells("idle_fraction"), (value) => write.share(100 * value)],
        ["sent", (run) => run.tells("bytes_sent"), write.bytes],
        ["memory per rank", (run) => run.tells("peak_memory"), write.bytes],
        ["host", (run) => run.tells("host")],
        ["seed", (run) => run.settings["train.seed"]],
        ["version", (run) => run.tells("version") ?? run.model?.version ?? null],
    ];
    const body = rows.map(([name, value, text = String, best = null]) => {
        const values = runs.map(value);
        const winner = best ? best(values.filter(isNumber)) : null;
        const unequal = new Set(values).size > 1;
        return values.every((v) => v === null || v === undefined) ? null
            : html("tr", {}, html("th", { scope: "row" }, name), ...values.map((v) =>
                html("td", best && unequal && v === winner ? { class: "best" } : {}, v === null || v === undefined ? "–" : text(v))));
    }).filter(Boolean);
    return html("div", { class: "scroll", tabindex: 0 }, html("table", { class: "wide" },
        html("thead", {}, html("tr", {}, html("th", {}, ""), ...runs.map((run) => html("th", { scope: "col" }, run.name)))),
        html("tbody", {}, ...body)));
}

function progress() {
    const redraw = () => redrawings.forEach((draw) => draw());
    const set = (key) => (value) => { choice[key] = chosen[key] = value; redraw(); };
    const units = [...new Set(runs.map((run) => run.unit))];
    const parts = ["test", "validation", "train"].filter((part) => runs.some((run) => run.parts.includes(part)));
    choice.part = parts.includes(chosen.part) ? chosen.part : parts[0];
    const objectives = runs.flatMap((run) => run.column("objective").filter(isNumber));
    choice.scale = chosen.scale ?? (d3.min(objectives) > 0 && d3.max(objectives) > 20 * d3.min(objectives) ? "log" : "linear");
    const controls = html("div", { class: "choices" },
        choose("against", [["time", "time"], ["steps", units.map((unit) => `${unit}s`).join(" or ")]], choice.against, set("against")),
        several && parts.length > 1 ? choose("part", parts.map((part) => [part, part]), choice.part, set("part")) : null,
        choose("scale", [["linear", "linear"], ["log", "logarithmic"]], choice.scale, set("scale")));
    const legend = several ? html("ul", { class: "legend" }, ...runs.map((run) => html("li", {}, swatch(run), run.name))) : null;

    const bestNote = (figure) => (lines) => {
        if (several) {
            return `${choice.part} part; a ring marks the best of each run`;
        }
        const line = lines[0];
        const best = line && line.points[d3.scan(line.points, rises(figure) ? (a, b) => b.y - a.y : (a, b) => a.y - b.y)];
        return best ? `best ${line.label} ${figure} ${line.run.write(best.y)} after ${line.run.unit} ${best.step}` : "";
    };
    const charts = html("div", { class: "charts" });
    for (const [figure, { title }] of Object.entries(FIGURES)) {
        const these = runs.filter((run) => run.figure === figure);
        if (these.some((run) => run.parts.length > 0)) {
            charts.append(curves(title, () => linesOfFigure(figure),
                { write: these[0].write, logarithmic: !rises(figure), best: rises(figure) ? "max" : "min", note: bestNote(figure) }));
        }
    }
    for (const [title, column, note] of [
        ["Objective", "objective", "loss, gap and ridge together"],
        ["Loss", "loss", "of the training samples"],
        ["Gap", "penalty", "penalties of all hidden layers, weighted as in the objective"],
    ]) {
        if (runs.some((run) => run.column(column).some((value) => isNumber(value) && value !== 0))) {
            charts.append(curves(title, () => linesOf(column).filter((line) => line.points.some((point) => point.y !== 0)), { write: write.number, logarithmic: true, note: () => note }));
        }
    }
    charts.classList.toggle("three", charts.children.length === 3);
    const thinned = runs.filter((run) => run.every > 1).map((run) => `of ${run.name} every ${run.every}th ${run.unit} is drawn`);
    return section("Progress", legend, controls, charts, thinned.length ? prose(`To keep the page small, ${thinned.join(", ")}.`) : []);
}

function settings(run) {
    const changed = run.config.filter(([, , usual]) => !usual);
    const lines = [];
    for (const [key, value] of run.config) {
        const [head, name] = key.split(".");
        if (lines.section !== head) {
            lines.push(`${lines.length ? "\n" : ""}[${head}]`);
            lines.section = head;
        }
        lines.push(`${name} = ${value}`);
    }
    const ranks = run.tells("ranks") ?? 1;
    return section("Configuration",
        html("dl", { class: "settings" }, ...changed.map(([key, value]) => html("div", {}, html("dt", {}, key), html("dd", {}, value)))),
        prose("Everything else has its default. To run it again:"),
        html("pre", { class: "command" }, `${ranks > 1 ? `mpirun -n ${ranks} ` : ""}hoist train ${run.directory.replace(/\/$/, "")}/config.ini --out NEW`),
        html("details", {}, html("summary", {}, "The whole configuration"), html("pre", {}, lines.join("\n"))),
        run.rows ? html("details", {}, html("summary", {}, "All figures, row by row"), metricsTable(run)) : null);
}

function metricsTable(run) {
    const columns = Object.keys(run.metrics).filter((name) => run.metrics[name].some(isNumber));
    const text = (name, value) => (!isNumber(value) ? "" : /^(sweep|epoch|bytes_sent)$/.test(name) ? d3.format(",")(value)
        : /_(accuracy|psnr)$/.test(name) ? value.toFixed(2) : /^seconds/.test(name) ? value.toFixed(3) : write.number(value));
    return html("div", { class: "scroll rows", tabindex: 0 }, html("table", {},
        html("thead", {}, html("tr", {}, ...columns.map((name) => html("th", {}, name.replaceAll("_", " "))))),
        html("tbody", {}, ...run.steps.map((_, row) => html("tr", {}, ...columns.map((name) => html("td", {}, text(name, run.metrics[name][row]))))))));
}

function timing(run) {
    const ranks = run.tells("phase_seconds");
    return run.rows === 0 ? null : section("Time per rank",
        prose(ranks ? "Seconds of training of each rank, by what it did." : "Seconds of training of the mean rank, by what it did; those of each rank are known once a run is complete."),
        ...phaseBars(run));
}

function placement(run) {
    const drawn = run.tells("stage_layers") !== null;
    return section("Grid",
        prose(drawn ? `${grid(run)}. A rank holds its layers for its share of the samples.` : "The grid is drawn once a run is complete."),
        drawn ? gridDiagram(run) : null);
}

/** What the model is and does: the sections that its weights and the data allow. */
function modelSections(run) {
    const model = run.model;
    if (!model) {
        return [section("Model", prose(run.state === "going_on" ? "Weights and errors are shown when the run has ended, so that looking at them takes no time from it."
            : "There is no model yet, and no checkpoint: weights and errors are shown once there is one."))];
    }
    const part = data.data_given ? "given" : run.last(`test_${run.figure}`) !== null || run.tells(`test_${run.figure}`) !== null ? "test" : "training";
    const sections = [];
    if (model.weights) {
        const { of, units, image } = model.weights;
        const colors = image[2] === 3 ? "gray is zero, and each color of the input has its own" : "blue raises a unit, red lowers it";
        sections.push(section("First-layer weights",
            prose(`The weights of ${units.length < of ? `${units.length} of ${of}` : `all ${of}`} units, those with the largest norms first: ${colors}; one weight in 20 lies beyond the ends of the scale.`),
            ...weightPictures(run)));
    }
    if (!model.figures) {
        return [...sections, section("Errors", prose(`The model could not be evaluated: ${model.missing}.`))];
    }
    const figures = model.figures;
    if (figures.gap && figures.share_linear.length > 0) {
        sections.unshift(section("Hidden layers",
            prose(`Over the ${plural(figures.samples, "sample")} of the ${part} part: the share of units and samples that pass their input on (u > 0), feed-forward; and the mean gap between activations and what the layer below says they should be, where both minimize the objective.` +
                ` The gap is the mean over samples of ${figures.gap_formula}.`),
            layerTable(run)));
    }
    if (run.figure === "energy") {
        return sections;
    }
    if (run.figure === "psnr") {
        sections.push(section("Restored pictures",
            prose(`The middle of some of the ${plural(figures.samples, "picture")} of the ${part} part: as it was, as the network got it, and as it made it, with the ratio of each whole picture. The mean over all is ${write.decibel(figures.psnr)}, their structural similarity ${figures.ssim.toFixed(4)}.`),
            restoredPictures(run)));
        return sections;
    }
    if (run.figure === "rmse") {
        sections.push(section("Predictions", prose(`Predicted against true values, ${plural(model.predictions.length, "sample")} of the ${part} part; on the dashed line both agree. rmse ${write.number(figures.rmse)} over all ${d3.format(",")(figures.samples)}.`), scatter(run)));
        return sections;
    }
    if (model.certificate) {
        const { bound, median_radius: radius } = model.certificate;
        sections.push(section("Certificate",
            prose(`The outputs move at most ${write.number(bound)} times as far as the input, so that no input that moves by less than its radius changes its class: by ${write.number(radius)} in the median, in the unit of the data.`),
            certified(run)));
    }
    const wrong = Math.round(figures.samples * (1 - figures.accuracy / 100));
    const matrix = section("Confusion matrix",
        prose(`${plural(wrong, "error")} in ${plural(figures.samples, "sample")} of the ${part} part, ${write.percent(figures.accuracy)} right. ` +
            (figures.confusion ? "The more often two classes are confused, the darker." : `A matrix of ${model.layers.at(-1).outputs} classes would not be legible.`)),
        figures.confusion ? confusionMatrix(run) : null);
    const worst = model.confused.length === 0 ? null : section("Most confused samples",
        prose("The true class, the one it is taken for, and the score of that: the samples with the largest difference to the score of the true class."), confusedSamples(run));
    const wide = figures.confusion?.length > 12;
    return [...sections, ...(wide ? [matrix, worst] : [beside(matrix, worst)])].filter(Boolean);
}

/** How far a run has come, unless it is complete and nobody follows it. */
function standing(run) {
    if (run.complete && !data.follow) {
        return null;
    }
    const [begins, ends] = { complete: ["This run has ended", ""], going_on: ["This run goes on", " New points appear here by themselves."],
        stopped: ["This run has stopped before its end; hoist train goes on with it by --resume", ""],
        damaged: ["This run cannot be read any longer", ` It is as it was before: ${run.problem}.`] }[run.state] ?? ["This run is not complete", ""];
    const after = run.rows ? `The figures go up to ${run.unit} ${run.steps.at(-1)} of ${run.settings[`train.${run.unit}s`]}` : `No ${run.unit} is complete`;
    const model = run.model?.checkpoint ? `; the model is that of the checkpoint after ${run.unit} ${run.model.after}` +
        (run.model.batches ? ` and ${plural(run.model.batches, "batch", "batches")}` : "") : "";
    return html("p", { class: "note" }, run.complete ? `${begins}.` : `${begins}. ${after}${model}.${ends}`);
}

/** Runs that are followed and have nothing to show yet. */
function begins(run) {
    return html("p", { class: "note" }, run.problem ? `${run.name} cannot be read: ${run.problem}.` : `${run.name} has no figures yet: they appear here by themselves when its first sweep or epoch is complete.`);
}

function sentence(run) {
    const where = [plural(run.steps.at(-1) ?? 0, run.unit), grid(run) ? `on ${grid(run)}` : null, run.tells("host") ? `of ${run.tells("host")}` : null];
    const version = run.tells("version") ?? run.model?.version;
    return `${run.layers}, ${run.settings["network.activation"].replaceAll(",", ", ")}, ${run.settings["network.output"]}; ` +
        [method(run), where.filter(Boolean).join(" "), `seed ${run.settings["train.seed"]}`, version ? `hoist ${version}` : null].filter(Boolean).join(", ") + ".";
}

/** Two sections side by side where there is room. */
const beside = (...sections) => html("div", { class: "halves" }, ...sections.filter(Boolean));

function chapter(run) {
    const model = modelSections(run);
    return [beside(timing(run), placement(run)), ...model, settings(run)].filter(Boolean);
}

function build() {
    const names = data.runs.map((run) => run.name);
    redrawings.length = 0;
    page.replaceChildren();
    document.title = names.length > 1 ? `${names.length} runs – hoist report` : `${names[0]} – hoist report`;
    page.append(html("header", {}, html("p", { class: "overline" }, `hoist report, ${write.date(data.created)}`),
        html("h1", {}, names.join(", "))), ...waiting.map(begins));
    if (several) {
        page.append(section("Runs", comparison()), progress());
        for (const run of runs) {
            page.append(html("div", { class: "chapter" }, html("h2", {}, run.name), html("p", { class: "lead" }, sentence(run)), standing(run), keyFigures(run), ...chapter(run)));
        }
    } else if (runs.length === 1) {
        const run = runs[0];
        page.firstChild.append(html("p", { class: "lead" }, sentence(run)));
        page.append(...[standing(run), keyFigures(run), run.rows ? progress() : null, ...chapter(run)].filter(Boolean));
    }
    page.append(html("footer", {}, data.follow ? `Served by hoist ${data.version}. This page asks it for news and loads nothing else.`
        : `Written by hoist ${data.version}. This page holds all it shows and loads nothing.`));
}

build();
let widthDrawn = null;
function drawAll() {
    if (page.clientWidth !== widthDrawn) {
        widthDrawn = page.clientWidth;
        redrawings.forEach((draw) => draw());
    }
}
drawAll();
new ResizeObserver(drawAll).observe(page);
document.documentElement.dataset.drawn = "yes";

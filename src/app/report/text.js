/** What the page shows: all that hoist has told, the runs that have figures, and those that have none yet. */
let data, runs, several, waiting;

/** An HTML element; children are elements or text, never markup. */
function html(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

const isNumber = (value) => typeof value === "number";
const minus = (text) => text.replace("-", "\u2212");
/** As in 2.5·10⁻⁴. */
function withPower(value, digits) {
    const [factor, power] = value.toExponential(digits - 1).split("e");
    const exponent = [...power.replace("+", "")].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");
    return +factor === 1 ? `10${exponent}` : minus(`${+factor}·10${exponent}`);
}
const plural = (count, noun, nouns = noun + "s") => `${d3.format(",")(count)} ${count === 1 ? noun : nouns}`;

const write = {
    percent: (value) => `${value.toFixed(2)} %`,
    share: (value) => `${value < 0.1 && value > 0 ? "< 0.1" : value.toFixed(1)} %`,
    /** Four significant digits, or a power of ten where these would be many zeros. */
    number: (value) => {
        const size = Math.abs(value);
        return size !== 0 && (size < 1e-3 || size >= 1e6) ? withPower(value, 4) : minus(d3.format(size >= 1000 ? ",.0f" : ".4~g")(value));
    },
    seconds: (value) => {
        if (value < 0.1) {
            return `${(1000 * value).toPrecision(2)} ms`;
        }
        if (value < 100) {
            return `${value.toFixed(value < 10 ? 2 : 1)} s`;
        }
        const whole = Math.round(value);
        const two = (number) => String(number).padStart(2, "0");
        return whole < 3600
            ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
            : `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
    },
    bytes: (value) => {
        const power = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
        return `${(value / 1000 ** power).toPrecision(3)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
    },
    decibel: (value) => `${value.toFixed(2)} dB`,
    date: (stamp) => new Date(stamp).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }) + " UTC",
};

/** What runs are judged by. */
const FIGURES = {
    accuracy: { title: "Accuracy in per cent", write: write.percent, better: d3.max },
    rmse: { title: "Root mean squared error", write: write.number, better: d3.min },
    energy: { title: "Mean free energy", write: write.number, better: d3.min },
    psnr: { title: "Peak signal-to-noise ratio", write: write.decibel, better: d3.max },
};

/** What the rest of the page asks of a run. */
function understand(run, index) {
    const settings = Object.fromEntries(run.config.map(([key, value]) => [key, value]));
    const figure = run.judged_by;
    const { better } = FIGURES[figure];
    const steps = run.metrics.sweep.map((sweep, row) => sweep ?? run.metrics.epoch[row]);
    const parts = ["test", "validation", "train"].filter((part) => (run.metrics[`${part}_${figure}`] ?? []).some(isNumber));
    const column = (name) => run.metrics[name] ?? [];
    const last = (name) => column(name).filter(isNumber).pop() ?? null;
    const rows = steps.length;
    return Object.assign(run, {
        index, settings, figure, steps, parts, column, last, rows,
        color: `run-${index % 6}`,
        write: FIGURES[figure].write,
        judged: parts[0] ?? null,
        best: (part) => better(column(`${part}_${figure}`).filter(isNumber)) ?? null,
        tells: (name) => run.summary?.[name] ?? null,
        layers: settings["network.layers"],
        formulation: settings["formulation.name"],
    });
}

function take(told) {
    data = told;
    runs = data.runs.filter((run) => run.metrics);
    waiting = data.runs.filter((run) => !run.metrics);
    several = runs.length > 1;
    runs.forEach(understand);
}
take(JSON.parse(document.getElementById("data").textContent));

/** The formulation, and what else is worth saying of a run in one phrase. */
function method(run) {
    const backpropagation = run.formulation === "mac" && run.settings["formulation.iterations"] === "1";
    return backpropagation ? "back-propagation (mac with one step per block)" : run.formulation;
}

function grid(run) {
    const ranks = run.tells("ranks");
    if (ranks === null) {
        return null;
    }
    const shards = run.summary.shards;
    if (ranks === 1) {
        return "1 rank";
    }
    const even = shards.every((count) => count === shards[0]);
    return `${plural(ranks, "rank")} (${plural(shards.length, "stage")} × ` +
        (even ? plural(shards[0], "shard") : `${shards.join(", ")} shards`) + ")";
}

/** What to show of classes: their names where the data have any. */
const className = (run, label) => run.model.class_names[label] ?? String(label);

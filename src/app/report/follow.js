/** What the reader has done to the page: where it is scrolled to, what is open, where the keyboard is. */
function attitude() {
    const counts = {};
    const name = (element) => {
        const key = `${element.closest("section")?.firstChild.textContent} ${element.tagName} ${element.value ?? ""}`;
        counts[key] = (counts[key] ?? 0) + 1;
        return `${key} ${counts[key]}`;
    };
    const elements = new Map([...page.querySelectorAll("details, .scroll, input, summary, svg[tabindex]")].map((element) => [name(element), element]));
    return { elements, scrolled: [window.scrollX, window.scrollY] };
}

/** Shows newer data in the place of those that are shown, and leaves the rest as the reader has it. */
function swap(newer) {
    const before = attitude();
    const kept = [...before.elements].map(([name, element]) => [name, {
        open: element.open, left: element.scrollLeft, top: element.scrollTop, focused: element === document.activeElement,
    }]);
    take(newer);
    build();
    redrawings.forEach((draw) => draw());
    const { elements } = attitude();
    for (const [name, { open, left, top, focused }] of kept) {
        const element = elements.get(name);
        if (element) {
            if (open) {
                element.open = true;
            }
            element.scrollTo(left, top);
            if (focused) {
                element.focus({ preventScroll: true });
            }
        }
    }
    window.scrollTo(...before.scrolled);
}

const lost = html("p", { class: "note", id: "lost", role: "status" },
    "The program that serves this page has ended or cannot be reached: what is shown is the last that it told. Where it is started again at the same address, the page goes on.");

/** The newer data, or nothing where there are none. Throws where nobody answers. */
async function newerData() {
    const answer = await fetch("data", { cache: "no-store", headers: { "If-None-Match": `"${data.follow.tag}"` } });
    if (!answer.ok && answer.status !== 304) {
        throw new Error(answer.statusText);
    }
    return answer.ok ? answer.json() : null;
}

/** Asks for newer data again and again. */
async function follow() {
    let newer = null;
    try {
        newer = await newerData();
        lost.remove();
    } catch {
        if (!lost.isConnected) {
            page.prepend(lost);
        }
    }
    setTimeout(follow, 500);
    if (newer) {
        swap(newer);
    }
}

if (data.follow) {
    follow();
}

// Shows what the component says. Everything that came with a bundle or a call is shown as text.

const place = (id) => document.getElementById(id);

const element = (name, text, kind) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (kind) {
        made.className = kind;
    }
    return made;
};

const table = (rows) => {
    const made = document.createElement("table");
    for (const row of rows) {
        const line = document.createElement("tr");
        line.append(...row.map(([text, kind]) => element("td", text, kind)));
        made.append(line);
    }
    return made;
};

const remedies = {
    review: ({ by, within }) =>
        `${by ?? "somebody"} has to review the client${within === null ? "" : ` within ${within} seconds`}`,
    reauthenticate: ({ acr_values, max_age }) =>
        `the user logs in again (acr_values: ${acr_values.join(" ") || "any"}; max_age: ${max_age ?? "any"})`,
    confirm: ({ operation, within }) =>
        `the user confirms operation ${operation}; that counts for ${within} seconds`,
    invalid_token: () => "the client gets another token",
    insufficient_scope: ({ scopes }) => `the client gets a token with ${scopes.join(" ")}`,
    consent: ({ terms, purpose }) =>
        `the user agrees to ${terms}${purpose === null ? "" : ` for the purpose ${purpose}`}`,
};

const signs = { passed: "✓", failed: "✗", not_reached: "·" };

const show = ({ decision, links, allows, denies, requires }) => {
    const verdict = element("p", `${decision.decision} ${decision.reason ?? ""}`, decision.decision);
    verdict.id = "verdict";
    const parts = [verdict];
    if (decision.detail !== null) {
        parts.push(element("p", decision.detail));
    }
    if (decision.remedy !== null) {
        parts.push(element("p", `To mend it: ${remedies[decision.remedy.kind](decision.remedy)}.`));
    }
    parts.push(
        element("h2", "The chain"),
        table(
            links.map(({ link, outcome, detail }) => [
                [signs[outcome], outcome],
                [link, outcome],
                [detail, outcome === "not_reached" ? outcome : ""],
            ]),
        ),
    );
    const rules = [
        ...allows.map((one) => [one, `allows through ${one.capability}`, one.lacks]),
        ...denies.map((one) => [one, "denies", one.because === null ? [] : [one.because]]),
        ...requires.map((one) => [one, "requires", one.lacks]),
    ];
    if (rules.length > 0) {
        parts.push(
            element("h2", "Rules that came near, and what each lacks"),
            table(
                rules.map(([{ rule, file, line }, what, lacks]) => [
                    [rule],
                    [what],
                    [lacks.join("; ") || "nothing"],
                    [`${file}:${line}`, "faint"],
                ]),
            ),
        );
    }
    const all = document.createElement("details");
    all.append(element("summary", "The decision as JSON"), element("pre", JSON.stringify(decision, null, 2)));
    parts.push(all);
    place("answer").replaceChildren(...parts);
};

const decide = () => {
    let engine;
    try {
        engine = judge.Engine.load(new TextEncoder().encode(place("bundle").value));
        show(JSON.parse(engine.explainJson(place("call").value)));
    } catch (error) {
        const what = engine === undefined ? "the bundle" : "the call";
        const { message, line } = error.payload ?? error;
        const at = line > 0 ? ` (line ${line})` : "";
        place("answer").replaceChildren(element("p", `${what} cannot be used: ${message}${at}`, "failed"));
    } finally {
        engine?.[Symbol.dispose]();
    }
};

for (const name of ["bundle", "call"]) {
    place(`${name}-file`).addEventListener("change", async ({ target }) => {
        place(name).value = (await target.files[0]?.text()) ?? "";
    });
}
place("form").addEventListener("submit", (event) => {
    event.preventDefault();
    decide();
});
place("example").addEventListener("click", () => {
    place("bundle").value = EXAMPLE.bundle;
    place("call").value = EXAMPLE.call;
    decide();
});
const { engine, edition, bundleFormat } = judge.version();
place("version").textContent =
    `engine ${engine}, edition ${edition}, bundle format ${bundleFormat}`;

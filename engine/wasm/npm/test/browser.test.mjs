// The package and the page in Chromium.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { conformance, corpus, corpusFiles, inBrowser, out } from "./support.mjs";

const folders = {
    dist: fileURLToPath(new URL("../dist", import.meta.url)),
    test: fileURLToPath(new URL(".", import.meta.url)),
    corpus,
    out,
};

/** A page that runs this, and posts what comes of it. */
const running = (script) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">
    const post = (value) => fetch("/done", { method: "POST", body: JSON.stringify(value) });
    addEventListener("error", ({ message }) => post({ failed: message }));
    addEventListener("unhandledrejection", ({ reason }) => post({ failed: String(reason) }));
    ${script}
</script>`;

test("the corpus is answered as the library answers it, byte for byte", async () => {
    const files = await corpusFiles();
    const result = await inBrowser(
        running(`
            const { judge } = await import("/dist/placet.js");
            const { differences } = await import("/test/corpus.mjs");
            let [asked, allowed, found] = [0, 0, []];
            for (const name of ${JSON.stringify(files)}) {
                const text = await (await fetch("/corpus/" + name)).text();
                const one = differences(judge, text);
                asked += one.asked;
                allowed += one.allowed;
                found = [...found, ...one.found].slice(0, 3);
            }
            await post({ asked, allowed, found });
        `),
        folders,
    );
    assert.equal(result.failed, undefined);
    assert.deepEqual(result.found, []);
    console.log(`${result.asked} questions, ${result.allowed} allowed`);
    assert.ok(result.asked > 500);
});

/** What the page shows for these, and what the browser had to say of it. */
const page = (steps) =>
    inBrowser(
        running(`
            const frame = document.createElement("iframe");
            frame.src = "/out/placet.html";
            const refused = [];
            await new Promise((resolve) => {
                frame.onload = resolve;
                document.body.append(frame);
            });
            const inside = frame.contentDocument;
            inside.addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
            // The component compiles before anything can be asked.
            while (inside.getElementById("version").textContent === "") {
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            const shown = () => inside.getElementById("answer").textContent;
            const set = (id, text) => (inside.getElementById(id).value = text);
            const submit = () => inside.querySelector("button[type=submit]").click();
            const result = {};
            ${steps}
            const asked = performance.getEntriesByType("resource").concat(
                frame.contentWindow.performance.getEntriesByType("resource"),
            );
            result.requests = asked.map(({ name }) => new URL(name).pathname);
            result.refused = refused;
            await post(result);
        `),
        folders,
    );

test("the page decides a call and says why", async () => {
    const bundle = String(await conformance("policies/office/policy.bundle"));
    const { call } = JSON.parse(await conformance("cases/chain/rule.json"));
    const denied = { ...call, target: "<img src=x onerror=alert(1)>" };
    const result = await page(`
        inside.getElementById("example").click();
        result.example = shown();
        set("bundle", ${JSON.stringify(bundle)});
        set("call", ${JSON.stringify(JSON.stringify(denied)).replaceAll("<", "\\u003c")});
        submit();
        result.denied = shown();
        result.images = inside.querySelectorAll("#answer img").length;
        set("call", "{");
        submit();
        result.noCall = shown();
        set("bundle", "nothing");
        submit();
        result.noBundle = shown();
    `);
    assert.equal(result.failed, undefined);
    assert.match(result.example, /^allow/);
    assert.match(result.example, /The chain/);
    assert.match(result.denied, /^deny operation.unknown-tool/);
    assert.match(result.denied, /<img src=x/);
    assert.equal(result.images, 0);
    assert.match(result.noCall, /^the call cannot be used/);
    assert.match(result.noBundle, /^the bundle cannot be used/);
    // It loads nothing but itself.
    assert.deepEqual(result.requests, ["/out/placet.html"]);
    assert.deepEqual(result.refused, []);
});

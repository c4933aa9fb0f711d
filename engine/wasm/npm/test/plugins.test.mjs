// The components of `host/tests/plugins`, as the corpus has them: what comes of each is what comes of it in
// wasmtime, but that time is what ends it here.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { judge } from "placet-engine";
import { FactError, Plugins } from "placet-engine/plugins";
import { corpus, root } from "./support.mjs";

const folder = `${corpus}/plugins`;
const expected = JSON.parse(await readFile(`${folder}/plugins.json`, "utf8"));
const plugins = new Plugins({ milliseconds: 2_000, memoryBytes: 16 << 20 });
after(() => plugins.close());

const needed = (component) => ({
    component,
    function: "kind",
    argument: ["sql"],
    input: '"select 1"',
});

/** How a reason begins here. */
const here = (why) =>
    why
        .replace("used up its fuel", "used up its time")
        // There is no telling from a trap.
        .replace("wanted more memory than it may have", "trapped");

for (const [name, outcome] of Object.entries(expected)) {
    test(`plug-in ${name}`, async () => {
        const bytes = await readFile(`${folder}/${name}.wasm`);
        if (outcome.unusable) {
            await assert.rejects(plugins.add(bytes));
            return;
        }
        const component = await plugins.add(bytes);
        // Twice: the first leaves nothing behind.
        for (const _ of [1, 2]) {
            if (outcome.failed !== undefined) {
                await assert.rejects(plugins.fact(needed(component)), (error) => {
                    assert(error instanceof FactError);
                    assert(error.message.startsWith(here(outcome.failed)), error.message);
                    return true;
                });
                continue;
            }
            const fact = await plugins.fact(needed(component));
            if (outcome.none) {
                assert.equal(fact, undefined);
            } else {
                const { input: _input, ...asked } = needed(component);
                assert.deepEqual(fact, { ...asked, value: outcome.value });
            }
        }
    });
}

test("there are as many plug-ins as the host has", () => {
    assert(Object.keys(expected).length > 20);
});

test("a component that nobody added computes nothing", async () => {
    await assert.rejects(plugins.fact(needed(`sha256-${"0".repeat(64)}`)), FactError);
});

test("the facts of the example allow its call", async () => {
    const component = await plugins.add(await readFile(`${root}/examples/sql/policy/facts/sql.wasm`));
    const engine = judge.Engine.load(await readFile(`${corpus}/sql.bundle`));
    const call = (sql) => ({
        user: { issuer: "local", subject: "alice" },
        client: {
            id: "https://desktop.example/oauth/client.json",
            registration: "metadata-document",
            status: "approved",
        },
        server: "local:db",
        operation: "tools/call",
        target: "query",
        arguments: JSON.stringify({ sql }),
        facts: [],
        credential: { tag: "local" },
        receipts: [],
        now: 1_790_000_100n,
    });
    const reads = call("select id from orders");
    assert.deepEqual(await plugins.compute(engine, reads), []);
    assert.deepEqual(
        reads.facts.map(({ component, function: name, value }) => [component, name, value]),
        [
            [component, "kind", '"read"'],
            [component, "tables", '["orders"]'],
        ],
    );
    assert.equal(engine.decide(reads).reason, "consent.none");
    const writes = call("drop table orders");
    await plugins.compute(engine, writes);
    assert.equal(engine.decide(writes).reason, "rule.none");
    const nonsense = call("selec");
    const failed = await plugins.compute(engine, nonsense);
    assert.equal(failed.length, 2);
    assert.equal(engine.decide(nonsense).reason, "rule.none");
});

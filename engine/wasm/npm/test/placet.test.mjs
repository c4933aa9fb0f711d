// The package in Node, on real calls.

import assert from "node:assert/strict";
import test from "node:test";
import { judge } from "placet-engine";
import { differences } from "./corpus.mjs";
import { conformance, corpus, corpusFiles, root } from "./support.mjs";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const load = async () => judge.Engine.load(await conformance("policies/office/policy.bundle"));
const { call, cases } = JSON.parse(await conformance("cases/chain/rule.json"));

/** A time, where there is one. */
const instant = (seconds) => (seconds === undefined || seconds === null ? undefined : BigInt(seconds));

/** The record of a call that is there as JSON. */
const record = (call) => ({
    user: { ...call.user, claims: JSON.stringify(call.user.claims) },
    client: {
        id: call.client.id,
        issuer: call.client.issuer ?? undefined,
        registration: call.client.registration.replace("_", "-"),
        status: call.client.status,
        metadataDigest: call.client.metadata_digest ?? undefined,
    },
    server: call.server,
    operation: call.operation,
    target: call.target,
    arguments: JSON.stringify(call.arguments),
    credential: {
        tag: "oauth",
        val: {
            issuer: call.credential.issuer,
            audience: call.credential.audience,
            subject: call.credential.subject,
            clientId: call.credential.client_id,
            scopes: call.credential.scopes,
            issuedAt: instant(call.credential.issued_at),
            expiresAt: instant(call.credential.expires_at),
            authTime: instant(call.credential.auth_time),
        },
    },
    facts: (call.facts ?? []).map(({ value, ...fact }) => ({ ...fact, value: JSON.stringify(value) })),
    receipts: call.receipts.map((receipt) => ({
        id: receipt.id,
        terms: receipt.terms,
        digest: receipt.digest,
        user: receipt.user,
        client: { id: receipt.client.id, issuer: receipt.client.issuer ?? undefined },
        server: receipt.server,
        purpose: receipt.purpose ?? undefined,
        givenAt: BigInt(receipt.given_at),
        expiresAt: instant(receipt.expires_at),
    })),
    purpose: call.purpose ?? undefined,
    now: BigInt(call.now),
});

test("it says what it is", () => {
    const { engine, edition, bundleFormat } = judge.version();
    assert.match(engine, /^\d+\.\d+\.\d+$/);
    assert.deepEqual([edition, bundleFormat], [2026, 1]);
});

test("a record and its JSON are decided alike", async () => {
    const engine = await load();
    const said = JSON.parse(engine.decideJson(JSON.stringify(call)));
    const decision = engine.decide(record(call));
    assert.equal(decision.decision, "allow");
    assert.equal(decision.decision, said.decision);
    assert.deepEqual(decision.rules.map((rule) => rule.id), said.rules.map((rule) => rule.id));
    assert.equal(decision.receipt ?? null, said.receipt);
    assert.equal(decision.policy, engine.policy());
});

test("a denial comes with its challenge, its explanation and its audit event", async () => {
    const engine = await load();
    const asked = record({ ...call, credential: { ...call.credential, scopes: [] } });
    const decision = engine.decide(asked);
    assert.equal(decision.reason, "scope.insufficient");
    assert.equal(decision.link, "scope");
    assert.equal(decision.remedy.tag, "insufficient-scope");
    const metadata = "https://office.example/.well-known/oauth-protected-resource";
    const challenge = judge.challenge({ metadata, scopes: [] }, decision);
    assert.equal(challenge.status, 403);
    assert.match(challenge.wwwAuthenticate, /^Bearer error="insufficient_scope"/);
    const { links } = engine.explain(asked);
    assert.deepEqual(
        links.filter(({ outcome }) => outcome === "failed").map(({ link }) => link),
        ["scope"],
    );
    const event = JSON.parse(judge.record(asked, decision, "request-1", []));
    assert.equal(event.correlation, "request-1");
    assert.equal(event.reason, "scope.insufficient");
    assert.ok(engine.visibleTools(asked).some(({ visibility }) => visibility !== "visible"));
});

test("what cannot be used is an error, and the engine is as good as before", async () => {
    const kind = (wanted) => ({ payload }) => payload.kind === wanted;
    assert.throws(() => judge.Engine.load(new Uint8Array()), kind("unreadable"));
    const engine = await load();
    assert.throws(() => engine.decideJson("{}"), kind("unreadable"));
    assert.throws(() => engine.decide({ ...record(call), target: "t".repeat(100_000) }), kind("limit"));
    assert.throws(() => engine.decide({ ...record(call), toolDigest: "md5-1" }), Error);
    assert.throws(() => engine.decide({}), Error);
    assert.equal(engine.decide(record(call)).decision, "allow");
});

test("the example of the reference runs", async () => {
    const page = await readFile(join(root, "spec/wasm.md"), "utf8");
    const [, example] = page.match(/^```js\n(.*?)^```$/ms);
    // Beside the package, by whose name it is imported.
    const folder = await mkdtemp(fileURLToPath(new URL("../dist/example-", import.meta.url)));
    try {
        await writeFile(join(folder, "example.mjs"), example);
        await writeFile(join(folder, "policy.bundle"), await conformance("policies/office/policy.bundle"));
        await writeFile(join(folder, "call.json"), JSON.stringify(call));
        const run = promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
        assert.equal((await run).stdout, "carry out just this call\n");
    } finally {
        await rm(folder, { recursive: true });
    }
});

test("other calls of the conformance cases are denied", async () => {
    const engine = await load();
    const denied = cases.filter(({ expect }) => expect.decision === "deny");
    assert.ok(denied.length > 0);
    for (const { name, call: patch, expect } of denied.filter(({ call: patch }) => patch?.target)) {
        const { decision } = JSON.parse(engine.decideJson(JSON.stringify({ ...call, ...patch })));
        assert.equal(decision, expect.decision, name);
    }
});

test("the corpus is answered as the library answers it, byte for byte", async () => {
    let [asked, allowed] = [0, 0];
    for (const name of await corpusFiles()) {
        const result = differences(judge, await readFile(join(corpus, name), "utf8"));
        assert.deepEqual(result.found.slice(0, 3), [], name);
        asked += result.asked;
        allowed += result.allowed;
    }
    console.log(`${asked} questions, ${allowed} allowed`);
    assert.ok(asked > 500 && allowed * 10 > asked * 2, `${allowed} of ${asked}`);
});

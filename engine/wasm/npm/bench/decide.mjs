// A decision in Node, beside Cedar's own build for WebAssembly with everything parsed beforehand, on the
// same policies and the same call: `node decide.mjs FOLDER`, with what `host/benches/beside_native.rs`
// wrote there.

import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "placet-engine";

const folder = process.argv[2];

const round = (run) => {
    const start = process.hrtime.bigint();
    let [runs, spent] = [0, 0];
    while (spent < 20e6) {
        run();
        runs += 1;
        spent = Number(process.hrtime.bigint() - start);
    }
    return spent / runs / 1e3;
};

/** The median of each in microseconds. They take turns. */
const medians = (things) => {
    const times = things.map(() => []);
    for (let turn = 0; turn < 25; turn += 1) {
        things.forEach((run, index) => times[index].push(round(run)));
    }
    return times.map((all) => all.sort((one, other) => one - other)[12]);
};

/** The record of the scenario's call. */
const record = (call) => ({
    user: { ...call.user, claims: JSON.stringify(call.user.claims) },
    client: { id: call.client.id, registration: "metadata-document", status: "approved" },
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
            issuedAt: BigInt(call.credential.issued_at),
            expiresAt: BigInt(call.credential.expires_at),
            authTime: BigInt(call.credential.auth_time),
        },
    },
    facts: (call.facts ?? []).map(({ value, ...fact }) => ({ ...fact, value: JSON.stringify(value) })),
    receipts: call.receipts.map((receipt) => ({
        id: receipt.id,
        terms: receipt.terms,
        digest: receipt.digest,
        user: receipt.user,
        client: { id: receipt.client.id },
        server: receipt.server,
        givenAt: BigInt(receipt.given_at),
        expiresAt: BigInt(receipt.expires_at),
    })),
    now: BigInt(call.now),
});

console.log("rules   record      JSON        cedar-wasm, stateful");
for (const rules of [10, 1_000, 10_000]) {
    const file = (name) => readFileSync(join(folder, String(rules), name));
    const engine = judge.Engine.load(file("policy.bundle"));
    const text = String(file("call.json"));
    const call = record(JSON.parse(text));
    assert.equal(engine.decide(call).decision, "allow");
    assert.equal(JSON.parse(engine.decideJson(text)).decision, "allow");

    const { policies, schema, request } = JSON.parse(file("cedar.json"));
    const staticPolicies = { staticPolicies: policies, templates: {}, templateLinks: [] };
    for (const parsed of [
        cedar.preparsePolicySet(`p${rules}`, staticPolicies),
        cedar.preparseSchema(`s${rules}`, schema),
    ]) {
        assert.equal(parsed.type, "success", JSON.stringify(parsed));
    }
    const asked = {
        ...request,
        preparsedPolicySetId: `p${rules}`,
        preparsedSchemaName: `s${rules}`,
        validateRequest: false,
    };
    const answer = cedar.statefulIsAuthorized(asked);
    assert.equal(answer.type, "success", JSON.stringify(answer));
    assert.equal(answer.response.decision, "allow", JSON.stringify(answer));

    const times = medians([
        () => engine.decide(call),
        () => engine.decideJson(text),
        () => cedar.statefulIsAuthorized(asked),
    ]);
    const [typed, json, beside] = times.map((time) => `${time.toFixed(1)} µs`.padEnd(11));
    console.log(`${String(rules).padEnd(7)} ${typed} ${json} ${beside} ×${(times[2] / times[0]).toFixed(0)}`);
}

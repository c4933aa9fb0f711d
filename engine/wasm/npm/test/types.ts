// What a host writes, held to the declarations: it is checked and never run.

import { judge } from "placet-engine";
import { Plugins, type FailedFact } from "placet-engine/plugins";

declare const bundle: Uint8Array;
declare const request: { arguments: unknown };

const engine: judge.Engine = judge.Engine.load(bundle);
const call: judge.Call = {
    client: {
        id: "https://app.example/client.json",
        registration: "metadata-document",
        status: "approved",
    },
    server: "https://mcp.example.com/mcp",
    operation: "tools/call",
    target: "add_note",
    arguments: JSON.stringify(request.arguments),
    credential: {
        tag: "oauth",
        val: {
            issuer: "https://login.example.com",
            audience: ["https://mcp.example.com/mcp"],
            subject: "alice",
            clientId: "https://app.example/client.json",
            scopes: ["notes:read"],
            expiresAt: 1_790_000_000n,
        },
    },
    facts: [],
    receipts: [],
    now: 1_789_999_000n,
};
const decision = engine.decide(call);
switch (decision.remedy?.tag) {
    case "consent":
        const terms: string = decision.remedy.val.terms;
        console.log(terms);
        break;
    case "insufficient-scope":
        const scopes: string[] = decision.remedy.val.scopes;
        console.log(scopes);
        break;
}
const challenge = judge.challenge({ metadata: "https://mcp.example.com/metadata", scopes: [] }, decision);
const status: number | undefined = challenge?.status;
console.log(status);
// @ts-expect-error: a verdict is one of two words
const wrong: boolean = decision.decision === "permit";
console.log(wrong);

const plugins = new Plugins({ milliseconds: 100 });
const component: string = await plugins.add(bundle);
const failed: FailedFact[] = await plugins.compute(engine, call);
const needed: judge.NeededFact[] = engine.factsNeeded(call);
const fact: judge.Fact | undefined = await plugins.fact(needed[0]!);
export { component, failed, fact };

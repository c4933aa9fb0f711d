// The corpus that `host/examples/corpus.rs` writes, put to a build of the engine. Node and the browser
// run this file.

/** The questions of a file that are answered otherwise than the library answers them. */
export const differences = (judge, file) => {
    const [first, ...lines] = file.trimEnd().split("\n");
    const engine = judge.Engine.load(new TextEncoder().encode(JSON.parse(first).bundle));
    const ask = {
        call: (text) => engine.decideJson(text),
        registration: (text) => engine.decideRegistrationJson(text),
        consent: (text) => engine.decideConsentJson(text),
    };
    const found = [];
    let [asked, allowed] = [0, 0];
    for (const line of lines) {
        const { kind, text, answer, error } = JSON.parse(line);
        let said;
        try {
            said = { answer: ask[kind](text) };
        } catch (refused) {
            said = { error: refused.payload?.message ?? String(refused) };
        }
        asked += 1;
        allowed += said.answer?.startsWith('{"decision":"allow"') ? 1 : 0;
        if (said.answer !== answer || said.error !== error) {
            found.push({ kind, text, library: answer ?? error, component: said.answer ?? said.error });
        }
    }
    engine[Symbol.dispose]();
    return { asked, allowed, found };
};

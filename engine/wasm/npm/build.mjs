// Makes the package out of the component: `dist/` as ES modules with type declarations, and the page
// that `spec/wasm.md` speaks of, which holds all of it in one file.

import { readFile, mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { $init, generateTypes } from "@bytecodealliance/jco-transpile/component";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const out = process.env.PLACET_WASM_OUT ?? path("../../../target/wasm");
const component = await readFile(`${out}/placet.wasm`);

const transpiled = async (options) => {
    const { files, imports } = await transpileBytes(component, {
        name: "placet",
        namespacedExports: false,
        wasiShim: false,
        // Errors are `Error`s, with what the interface says in `payload`.
        noComponentErrorWrapping: false,
        emitTypescriptDeclarations: false,
        ...options,
    });
    if (imports.length > 0) {
        throw new Error(`the component imports ${imports.join(", ")}`);
    }
    return files;
};

// From the interface as it is written, since the component does not carry what is said of it there.
await $init;
const declarations = generateTypes("placet", {
    wit: { tag: "source", val: await readFile(path("../wit/placet.wit"), "utf8") },
    world: "placet",
    features: { tag: "list", val: [] },
    tlaCompat: false,
    guest: false,
    flagsAsBigint: false,
    variantsInlineCases: false,
    useNamespaceObjects: false,
    enumValuesScreamingSnakeCase: false,
});

const dist = path("dist");
await rm(dist, { recursive: true, force: true });
for (const [name, bytes] of [...Object.entries(await transpiled({})), ...declarations]) {
    const file = `${dist}/${name}`;
    await mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await writeFile(file, bytes);
}

// The page: the same with the core module within, and a call to begin with.
const conformance = path("../../../spec/conformance");
const { policy, call } = JSON.parse(await readFile(`${conformance}/cases/chain/rule.json`, "utf8"));
const example = {
    bundle: await readFile(`${conformance}/policies/${policy}/policy.bundle`, "utf8"),
    call: JSON.stringify(call, null, 2),
};
const files = await transpiled({ base64Cutoff: 1 << 30, nodejsCompat: false });
const module = new TextDecoder().decode(files["placet.js"]);
const [, judge] = module.match(/^export \{ (\w+) as judge,/m) ?? [];
if (judge === undefined) {
    throw new Error("the module exports no `judge`");
}
// In a block of its own, where its names meet none of the module's.
const script = [
    module,
    "{",
    `const judge = ${judge};`,
    `const EXAMPLE = ${JSON.stringify(example)};`,
    await readFile(path("../page/page.js"), "utf8"),
    "}",
].join("\n");
const page = await readFile(path("../page/page.html"), "utf8");
await writeFile(
    `${out}/placet.html`,
    // What ends a script, or starts a comment, does so wherever it stands.
    page.replace("/* the component and what shows its answers */", () =>
        script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--"),
    ),
);

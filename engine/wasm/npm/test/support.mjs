// What the tests share.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../..", import.meta.url));
export const out = process.env.PLACET_WASM_OUT ?? join(root, "target/wasm");
export const corpus = process.env.PLACET_CORPUS ?? join(out, "corpus");

export const corpusFiles = async () => {
    if (!existsSync(corpus)) {
        throw new Error("write the corpus first: see engine/wasm/README.md");
    }
    return (await readdir(corpus)).filter((name) => name.endsWith(".jsonl")).sort();
};

export const conformance = (name) => readFile(join(root, "spec/conformance", name));

const kinds = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
};

/**
 * Opens a page in Chromium, without a window, and gives what it posts to `/done`. Files are served from
 * these folders, by the first part of their path.
 */
export const inBrowser = async (page, folders) => {
    const profile = await mkdtemp(join(tmpdir(), "placet-"));
    let done;
    const posted = new Promise((resolve, reject) => (done = { resolve, reject }));
    const server = createServer(async (request, response) => {
        if (request.method === "POST") {
            let body = "";
            for await (const part of request) {
                body += part;
            }
            response.end();
            done.resolve(JSON.parse(body));
            return;
        }
        const [, folder, ...rest] = request.url.split("/");
        try {
            const bytes = request.url === "/" ? page : await readFile(join(folders[folder], ...rest));
            const kind = request.url === "/" ? "text/html" : kinds[extname(request.url)];
            response.setHeader("content-type", kind ?? "text/plain").end(bytes);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    // The sandbox is for strangers' pages, and does not start for a user who is root. Nothing is asked of
    // anybody but this server.
    const browser = execFile(
        "chromium",
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            `--user-data-dir=${profile}`, "--remote-debugging-port=0",
            `http://127.0.0.1:${server.address().port}/`],
        { maxBuffer: 1 << 26 },
        (error) => done.reject(error ?? new Error("the browser ended")),
    );
    const late = setTimeout(() => done.reject(new Error("the page does not end")), 900_000);
    try {
        return await posted;
    } finally {
        clearTimeout(late);
        browser.kill();
        server.close();
        server.closeAllConnections();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
};

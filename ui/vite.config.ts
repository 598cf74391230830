import { defineConfig } from "vite";

// Relative addresses, so that the page also works below a path of a reverse proxy.
export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    // Everything in files of our own: the content security policy allows no inline text.
    assetsInlineLimit: 0,
    modulePreload: false,
    sourcemap: false,
    reportCompressedSize: true,
  },
  server: { host: "127.0.0.1", proxy: { "/api": process.env["ROLLCALL"] ?? "http://127.0.0.1:9531" } },
});

import { join } from 'node:path';

import { defineConfig } from 'vite';

/** The web UI: src/ui → dist/ui, one page whose files have a hash of their content in their names. */
export default defineConfig({
  root: join(import.meta.dirname, 'src/ui'),
  publicDir: false,
  build: {
    outDir: join(import.meta.dirname, 'dist/ui'),
    emptyOutDir: true,
    target: 'es2022',
    // Every browser that we serve preloads modules; and no content may stand in an address (CSP).
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
});

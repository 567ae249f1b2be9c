import { join } from 'node:path';

/** Where `npm run build:ui` puts the web UI; the same from the sources and from what is built of them. */
export const UI_FOLDER = join(import.meta.dirname, '../../dist/ui');

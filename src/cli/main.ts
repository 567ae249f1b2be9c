#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Compiling our own modules is most of what a short command takes. What is compiled is kept with the user's own
// caches: in the folder for everybody's temporary files, anybody could put something else in its place.
const caches = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
enableCompileCache(process.env['NODE_COMPILE_CACHE'] || join(caches, 'trueup'));

await import('./program.ts');

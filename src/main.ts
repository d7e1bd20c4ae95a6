/** The entry: code that an earlier start has compiled is taken from beside the built files; only then is the rest loaded. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// A folder that may not be written, or a file that is not as it was, costs the time that it would have saved and no more.
enableCompileCache(fileURLToPath(new URL('.compile-cache', import.meta.url)));
await import('./server.js');

/** `sottovoce status`: whether the server of this data folder runs, and whether it may be sent requests. */
import { askServer } from '../control/control-client.js';
import type { OperatorCommand } from './operator-commands.js';

export const status: OperatorCommand = {
  takes: '',
  about: 'whether the server runs and is ready',
  run: async (_, { dataFolder, print, signal }) => {
    const { version, isReady, store, views, isStopping } = await askServer(dataFolder, 'server-status', {}, { signal });
    print(`version ${version}`);
    print(`store   ${store}`);
    print(`views   ${views}`);
    print(isReady ? 'ready' : isStopping ? 'stopping' : 'not ready');
    return isReady ? 0 : 1;
  },
};

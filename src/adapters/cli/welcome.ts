/** What `npm start` tells the person in front of it. */
import { resolve } from 'node:path';

/** What a person reads after `npm start`: where everything is, and lines to paste. */
export function welcome({ url, data, keys }: { readonly url: string; readonly data: string; readonly keys: string }): string {
  const server = url === 'http://127.0.0.1:3000' ? '' : ` --server ${url}`;
  // The tools look for codes in ./data of where they run, as the server does.
  const paste = data === resolve('data') ? server : `${server} --data '${data}'`;
  return `
  Sottovoce is listening.

    REST     ${url}/v1          described at ${url}/docs
    socket   ${url.replace(/^http/, 'ws')}/v1/socket   described at ${url}/asyncapi.json
    data     ${data}
    keys     ${keys}   (back them up apart from the data)

  Two people talk, in two more terminals:

    npm run chat -- --as +15550100 --to +15550101${paste}
    npm run chat -- --as +15550101 --to +15550100${paste}

  Or look at a whole talk in many languages:   npm run demo${paste === '' ? '' : ` --${paste}`}
  Sign in by hand:   curl -s ${url}/v1/verifications -H 'content-type: application/json' -d '{"kind":"phone","value":"+15550100"}'
  The code is in the log below and in ${data}/dev-codes. Stop with Ctrl-C.

`;
}

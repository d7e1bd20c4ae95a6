/** Name of a planted bug to its patches. */
export const planted: Map<string, readonly { readonly file: string; readonly find: string; readonly put: string }[]>;

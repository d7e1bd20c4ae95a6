import { SetMetadata } from '@nestjs/common';

export const PUBLIC = 'sottovoce:public';

/** For the few routes that nobody needs to sign in for. Every other route is closed. */
export const Public = () => SetMetadata(PUBLIC, true);

/** What sync takes and answers. A cursor is opaque: it is sealed for one device. */
import { ApiProperty } from '@nestjs/swagger';
import { limits } from '../../domain/kernel/limits.js';
import { factNames } from '../../projections/facts.js';
import { FlagField, IdField, IntField, IntParam, ListField, TextField, WordField } from './fields.js';

const CURSOR_CHARACTERS_MAX = 2_048;
const REVISION_MAX = Number.MAX_SAFE_INTEGER;

export class SyncQuery {
  @TextField(1, CURSOR_CHARACTERS_MAX, {
    optional: true,
    description: 'From an earlier answer or a mark; without one, a snapshot.',
  })
  cursor?: string;

  @IntParam(0, limits.syncWaitMsMax, {
    optional: true,
    description: 'When there is nothing yet, wait so long for something. Of two that wait for one device the newer one does.',
  })
  waitMs?: number;
}

export class Fact {
  @WordField([...new Set(Object.values(factNames))])
  type: string;

  @TextField(1, 64, { description: 'A conversation id, or "account".' })
  scope: string;

  @IntField(-1, REVISION_MAX, {
    optional: true,
    description: 'A jump is a hole. Absent where the latest wins; -1 on a snapshot that all facts follow.',
  })
  revision?: number;

  @ApiProperty({ type: 'object', additionalProperties: true })
  data: object;
}

export class LeftOut {
  @IdField()
  conversationId: string;

  @IntField(1, REVISION_MAX)
  fromSeq: number;

  @IntField(1, REVISION_MAX)
  toSeq: number;
}

export class SyncPage {
  @ListField(() => Fact)
  items: Fact[];

  @ListField(() => LeftOut, { description: 'What was left out, to be paged as history.' })
  limited: LeftOut[];

  @TextField(1, CURSOR_CHARACTERS_MAX)
  cursor: string;

  @FlagField()
  caughtUp: boolean;
}

import { ApiExtraModels } from '@nestjs/swagger';
import { problems } from '../nest/problems.js';
import { FlagField, IdField, IntField, ListField, TextField, WordField } from './fields.js';

class FieldFault {
  @TextField(0, 1_024, { description: 'JSON pointer into the request.' })
  pointer: string;

  @TextField(1, 64)
  code: string;
}

/** RFC 9457. Clients branch on `code`, then on `status`; for an unknown code `retryable` decides. */
@ApiExtraModels(FieldFault)
export class Problem {
  @TextField(1, 256, { description: 'Address of its documentation.' })
  type: string;

  @TextField(1, 256)
  title: string;

  @IntField(400, 599)
  status: number;

  @WordField(Object.keys(problems))
  code: string;

  @FlagField()
  retryable: boolean;

  @IdField()
  requestId: string;

  @TextField(1, 1_024, { optional: true })
  detail?: string;

  @IntField(0, Number.MAX_SAFE_INTEGER, { optional: true })
  retryAfterMs?: number;

  @ListField(() => FieldFault, { optional: true })
  errors?: FieldFault[];
}

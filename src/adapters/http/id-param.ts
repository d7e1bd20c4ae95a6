import type { PipeTransform } from '@nestjs/common';
import { isUuid } from '../../domain/kernel/ids.js';
import { ProblemError } from '../nest/problems.js';

/** An id in a path. What is no id names nothing. */
export const IdParam: PipeTransform<unknown, string> = {
  transform(value: unknown): string {
    if (typeof value !== 'string' || !isUuid(value)) throw new ProblemError('not-found');
    return value;
  },
};

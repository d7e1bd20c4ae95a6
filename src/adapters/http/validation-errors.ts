import type { ValidationError } from 'class-validator';
import type { FieldError } from '../nest/problems.js';

const codes: Readonly<Record<string, string>> = {
  whitelistValidation: 'unknown-field',
  unknownValue: 'wrong-type',
  isString: 'not-a-text',
  isInt: 'not-an-integer',
  isBoolean: 'not-a-flag',
  isArray: 'not-a-list',
  isObject: 'not-an-object',
  nestedValidation: 'not-an-object',
  isIn: 'not-one-of-these',
  matches: 'wrong-form',
  isIso8601: 'no-such-instant',
  minLength: 'too-short',
  maxLength: 'too-long',
  min: 'too-small',
  max: 'too-large',
  arrayMaxSize: 'too-many',
  arrayUnique: 'repeated',
};

/** What is wrong with a request, by JSON pointer; the values themselves are not repeated. */
export function toFieldErrors(errors: readonly ValidationError[], path = ''): readonly FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const pointer = `${path}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.keys(constraints).map((name) => ({ pointer, code: codes[name] ?? 'invalid' }));
    return [...own, ...toFieldErrors(children, pointer)];
  });
}

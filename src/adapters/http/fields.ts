/**
 * The kinds of fields that requests and answers are made of: each says at once how it is checked and how it is described
 * in OpenAPI, so that the two cannot differ.
 */
import { applyDecorators } from '@nestjs/common';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DIGITS = /^(?:0|[1-9]\d{0,15})$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export interface FieldOptions {
  readonly optional?: boolean;
  readonly description?: string;
}

function field(options: FieldOptions, described: ApiPropertyOptions, ...checks: PropertyDecorator[]): PropertyDecorator {
  const { optional = false, description } = options;
  const property = { ...described, ...(description === undefined ? {} : { description }) } as ApiPropertyOptions;
  return optional
    ? applyDecorators(ApiPropertyOptional(property), IsOptional(), ...checks)
    : applyDecorators(ApiProperty(property), ...checks);
}

export const IdField = (options: FieldOptions = {}) =>
  field(options, { type: String, format: 'uuid' }, IsString(), Matches(UUID));

export const IdsField = (max: number, options: FieldOptions = {}) =>
  field(
    options,
    { type: [String], format: 'uuid', maxItems: max, uniqueItems: true },
    IsArray(),
    ArrayMaxSize(max),
    ArrayUnique(),
    IsString({ each: true }),
    Matches(UUID, { each: true }),
  );

export const TextField = (min: number, max: number, options: FieldOptions = {}) =>
  field(options, { type: String, minLength: min, maxLength: max }, IsString(), MinLength(min), MaxLength(max));

export const PatternField = (pattern: RegExp, max: number, options: FieldOptions = {}) =>
  field(options, { type: String, pattern: pattern.source, maxLength: max }, IsString(), MaxLength(max), Matches(pattern));

export const Base64Field = (min: number, max: number, options: FieldOptions = {}) =>
  field(
    options,
    { type: String, minLength: min, maxLength: max, pattern: BASE64URL.source },
    IsString(),
    MinLength(min),
    MaxLength(max),
    Matches(BASE64URL),
  );

export const InstantField = (options: FieldOptions = {}) =>
  field(
    options,
    { type: String, format: 'date-time', pattern: INSTANT.source },
    IsString(),
    Matches(INSTANT),
    IsISO8601({ strict: true }),
  );

export const IntField = (min: number, max: number, options: FieldOptions = {}) =>
  field(options, { type: 'integer', minimum: min, maximum: max }, IsInt(), Min(min), Max(max));

/** An integer behind the question mark, where everything is text: digits alone, and no other way to write it. */
export const IntParam = (min: number, max: number, options: FieldOptions = {}) =>
  applyDecorators(
    IntField(min, max, options),
    Transform(({ value }) => (typeof value === 'string' && DIGITS.test(value) ? Number(value) : value)),
  );

export const FlagField = (options: FieldOptions = {}) => field(options, { type: Boolean }, IsBoolean());

/** In a request: one of these and nothing else. */
export const ChoiceField = (values: readonly string[], options: FieldOptions = {}) =>
  field(options, { type: String, enum: [...values] }, IsIn([...values]));

/** In an answer: these today, and others some day. */
export const WordField = (values: readonly string[], options: FieldOptions = {}) =>
  field(options, { type: String, 'x-known-values': [...values] } as ApiPropertyOptions, IsString());

/** OpenAPI takes a function for one that is to be asked later by its name, which must be `type`. */
const lazy = (given: () => new () => object) => ({ type: () => given() });

export const ObjectField = (type: () => new () => object, options: FieldOptions = {}) =>
  field(options, lazy(type), IsObject(), ValidateNested(), Type(type));

export const ListField = (type: () => new () => object, options: FieldOptions = {}) =>
  field(options, { ...lazy(type), isArray: true }, IsArray(), ValidateNested({ each: true }), Type(type));

export const WordsField = (options: FieldOptions = {}) => field(options, { type: [String] }, IsArray(), IsString({ each: true }));

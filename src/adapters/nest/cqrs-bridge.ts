/**
 * Turns the rows of the use-case table into messages and handlers of the command bus. The bus finds a handler by the
 * class of the message, so each row gets one; nothing durable hangs on any of it (ADR 0007).
 */
import type { Provider, Type } from '@nestjs/common';
import { Command, CommandHandler } from '@nestjs/cqrs';
import type { Deps } from '../../application/use-case.js';
import type { Run, UseCaseName } from '../../application/use-cases.js';
import { useCases } from '../../application/use-cases.js';

type Input<Name extends UseCaseName> = Parameters<Run<Name>>[0];
type Ctx<Name extends UseCaseName> = Parameters<Run<Name>>[1];
type Outcome<Name extends UseCaseName> = Awaited<ReturnType<Run<Name>>>;

export interface Message<Name extends UseCaseName> extends Command<Outcome<Name>> {
  readonly input: Input<Name>;
  readonly context: Ctx<Name>;
}

type MessageClass<Name extends UseCaseName> = new (input: Input<Name>, context: Ctx<Name>) => Message<Name>;

/** The token of the one record that use cases are functions of. */
export const DEPS = Symbol('sottovoce.deps');

function messageClass<Name extends UseCaseName>(): MessageClass<Name> {
  return class extends Command<Outcome<Name>> {
    constructor(
      readonly input: Input<Name>,
      readonly context: Ctx<Name>,
    ) {
      super();
    }
  };
}

const names = Object.keys(useCases) as UseCaseName[];

/** One message class per use case: `new messages.sendMessage(input, context)`. */
export const messages = Object.fromEntries(names.map((name) => [name, messageClass()])) as {
  readonly [Name in UseCaseName]: MessageClass<Name>;
};

export const handlers: readonly Provider[] = names.map((name) => {
  type Handle = (input: unknown, context: unknown) => Promise<unknown>;
  class Handler {
    constructor(private readonly run: Handle) {}

    execute(message: Message<UseCaseName>): Promise<unknown> {
      return this.run(message.input, message.context);
    }
  }
  CommandHandler(messages[name] as Type<Command<unknown>>)(Handler);
  return {
    provide: Handler,
    inject: [DEPS],
    useFactory: (deps: Deps) => new Handler(useCases[name](deps) as unknown as Handle),
  };
});

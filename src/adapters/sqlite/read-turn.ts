/**
 * Reads of one turn of the event loop are one read transaction: to begin and to end one costs more than most of what is
 * read. Whatever writes on the connection ends it first, or its write would wait for the end of the turn.
 */
import type { Connection } from './sqlite-database.js';

class ReadTurn {
  private isOpen = false;
  private readonly begin;
  private readonly commit;

  constructor(private readonly connection: Connection) {
    this.begin = connection.prepare('BEGIN');
    this.commit = connection.prepare('COMMIT');
  }

  enter(): void {
    if (this.isOpen || this.connection.inTransaction) return;
    this.begin.run();
    this.isOpen = true;
    setImmediate(() => this.end());
  }

  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    // An error within it may have ended the transaction, and closing the connection has.
    if (this.connection.inTransaction) this.commit.run();
  }
}

const turns = new WeakMap<Connection, ReadTurn>();

function turnOf(connection: Connection): ReadTurn {
  const known = turns.get(connection);
  if (known !== undefined) return known;
  const turn = new ReadTurn(connection);
  turns.set(connection, turn);
  return turn;
}

/** Before a read that may share its transaction with others of this turn. */
export const enterReadTurn = (connection: Connection): void => turnOf(connection).enter();

/** Before anything but a read. */
export const endReadTurn = (connection: Connection): void => turns.get(connection)?.end();

/** All of it or nothing, of one who may write from the start. */
export function writeAtOnce<Value>(connection: Connection, act: () => Value): Value {
  endReadTurn(connection);
  return connection.transaction(act).immediate();
}

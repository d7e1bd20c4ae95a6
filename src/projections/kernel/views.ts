/**
 * The ports of the read side: what queries ask of views, and what the runner writes them through.
 * A view lags behind the log and can be built from it anew at any time: nothing here is the only copy of anything.
 */
import type { Collection, Fields, Scalar, Shape } from './collection.js';
import type { AnyOp } from './projection.js';

type Field<Doc> = keyof Doc & string;

export interface PageQuery<Doc, Index extends string> {
  /** The order of the keys when no index is named. */
  readonly index?: Index;
  /** Values of leading fields. */
  readonly equal: Partial<Doc>;
  /** Bounds of the next field. */
  readonly above?: Scalar;
  readonly below?: Scalar;
  readonly order?: 'ascending' | 'descending';
  readonly limit: number;
}

export interface Views {
  /** Documents by their keys, in the order asked, `undefined` for each that is not there. */
  get<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    keys: readonly Pick<Doc, Key>[],
  ): Promise<readonly (Doc | undefined)[]>;

  /**
   * At most `limit` documents whose leading fields have the values asked for.
   * They come in the order of the index and then of their keys, ascending unless descending is asked for.
   * The next field lies strictly between the bounds that are given.
   * A document that lacks a field of an index does not stand in it.
   */
  page<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    query: PageQuery<Doc, Index>,
  ): Promise<readonly Doc[]>;

  /** How many documents stand in an index with these values in its leading fields. */
  count<Doc extends object, Key extends Field<Doc>, Index extends string>(
    collection: Collection<Doc, Key, Index>,
    query: { readonly index?: Index; readonly equal: Partial<Doc> },
  ): Promise<number>;

  /**
   * Up to where the view is built: the checkpoint of its projection, 0 when it was never built.
   * Of several views up to where all of them are.
   */
  position(...collections: readonly [Shape, ...Shape[]]): Promise<number>;
}

/** What one event does to the documents of one projection. */
export interface PositionedOps {
  readonly position: number;
  readonly ops: readonly AnyOp[];
}

export interface ProjectionWrites {
  readonly collection: Shape;
  readonly writes: readonly PositionedOps[];
}

export interface ProjectionWriter {
  /**
   * Carries out what events do to several projections, in the order given, and moves their checkpoints: all of it or nothing.
   * An event changes nothing in a document that has seen it, or has seen a later one.
   * All the ops of one event on one document are carried out, or none.
   * A document that was removed stays away when an event from before its removal is repeated.
   * A checkpoint never goes back.
   */
  apply(projections: readonly ProjectionWrites[], upTo: number): Promise<void>;

  /** After which position the next events of a projection begin; 0 for one that was never built. */
  checkpoint(collection: Shape): Promise<number>;

  /**
   * Takes the personal fields out of the documents that an index finds, wherever in the log they stand: for erasure,
   * which no event of these documents tells. A second time changes nothing.
   */
  forget(collection: Shape, index: string, equal: object): Promise<void>;

  /**
   * Drops the documents and the checkpoint of a projection, so that it is built anew from the start.
   * Other projections keep theirs. A second time changes nothing.
   */
  clear(collection: Shape): Promise<void>;
}

/** A view while it is built anew beside the one that readers see. */
export interface ViewBuild {
  readonly writer: ProjectionWriter;
  /** Both as they are at this moment; close it soon, for what it holds on to cannot be tidied meanwhile. */
  standing(): Promise<Standing>;
  switch(): Promise<void>;
  discard(): Promise<void>;
}

export interface Standing {
  /** At most so many documents in the order of their keys, above a key. */
  page(side: 'live' | 'rebuilt', above: readonly Scalar[] | undefined, limit: number): Promise<readonly Fields[]>;
  close(): Promise<void>;
}

export interface BuildOptions {
  /** `served`: others use the process meanwhile, so that no step takes long. `alone`: as fast as it goes. */
  readonly pace: 'served' | 'alone';
  /** About how many documents are expected; a wrong number costs time only. */
  readonly documents: number;
}

export interface ViewBuilds {
  /**
   * A copy begins empty, without a checkpoint, whatever an earlier build has left.
   * What is written to the copy does not show until the switch.
   * The switch puts the copy, whole and with its checkpoint, in the place of the view, for readers and writers alike.
   * What is forgotten in a view is forgotten in the copy that is being built of it.
   * A standing shows view and copy as they were when it was asked for, whatever is written afterwards.
   * A copy that was discarded, or that a restart has cut off, leaves the view as it was.
   */
  begin(collection: Shape, options: BuildOptions): Promise<ViewBuild>;

  /** Takes away a part of what earlier builds left behind; `more` until nothing is left. */
  sweep(): Promise<'more' | 'done'>;
}

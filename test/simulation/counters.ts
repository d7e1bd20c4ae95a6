/** TABLE counters: what a run should have met. A run says which of them it never did: a fault that nothing meets tests nothing. */
export const counted = {
  'append: unavailable': 'an append was not begun',
  'append: lost': 'an append never reached the store, and nobody knew',
  'append: answer lost': 'an append stood, and nobody knew',
  'append: late': 'an append reached the store after its process had given it up',
  'append: torn': 'an append ended between two of its writes',
  'append: conflict': 'a write met another revision than it expected',
  'append: repeated batch': 'an append carried several sends',
  'store: slow': 'a call of the store took seconds',
  'store: read failed': 'a read of the store failed',
  'keys: away': 'a call of the key store failed',
  'keys: slow': 'a call of the key store took seconds',
  'feed: repeated': 'a batch came twice',
  'feed: reordered': 'events came in another order between their keys',
  'feed: stopped': 'a consumer was handed nothing for a while',
  'feed: old checkpoint': 'a consumer began again behind where it had been',
  'views: slow': 'a read of a view took its time',
  'views: old': 'a process started with views of an earlier moment',
  'views: old checkpoint': 'a process was handed again what the rows of its views hold',
  'process: crashed': 'a process died with all that it held in memory',
  'process: crashed between writes': 'a process died between two writes of an append',
  'process: failed': 'a process ended itself because a part of it had failed',
  'process: paused': 'a process stood still',
  'clock: jumped': 'a process saw another time of day',
  'clock: a month': 'a month went by',
  'link: cut': 'a connection broke between two frames',
  'link: half-open': 'a connection broke and the server did not notice',
  'link: slow reader': 'a device took its frames slowly',
  'link: reader stopped': 'a device stopped taking frames for a while',
  'request: lost': 'a request never arrived',
  'answer: lost': 'a request was done, and its answer never arrived',
  'socket: replaced': 'a newer socket of a device closed the older one',
  'socket: expired': 'a socket ended with its token',
  'socket: revoked': 'a socket ended with its device',
  'socket: failed': 'a socket was closed because it could not catch up',
  'socket: background': 'a device connected for the background',
  'socket: resync': 'facts for a slow device were dropped, and came from the log',
  'socket: too slow': 'a socket was closed because nobody read from it',
  'socket: unanswered pings': 'a socket was ended because nobody answered its pings',
  'send: repeated': 'a send was told again and acknowledged as before',
  'send: repeated at another process': 'a send was told again elsewhere',
  'send: contended': 'a send met others until its deadline',
  'send: refused': 'a send of no member was refused',
  'send: id reused': 'another text under a used id was refused',
  'send: gone': 'a send met its removed content',
  'draft: collected': 'an abandoned draft was collected',
  'member: joined again': 'somebody joined again after leaving',
  'owner: changed': 'a group changed hands',
  'message: removed': 'a message was removed',
  'mark: read': 'a read mark moved',
  'mark: delivered': 'a delivered mark moved',
  'sync: limited': 'sync named what it left out',
  'sync: next page': 'a sync took several pages',
  'sync: next page elsewhere': 'the next page of a sync came from another process',
  'sync: from between pages': 'a device came again with the cursor of a page that was not the last',
  'poll: woken': 'a device that waited was answered when something happened',
  'poll: empty': 'a device waited, and nothing happened',
  'poll: abandoned': 'a device went away while it waited',
  'request: command': 'a device without a socket made its command as a request',
  'key: answered again': 'a request under a key was made again and answered as before',
  'key: in progress': 'a request under a key met itself while it was done',
  'key: reused': 'another request under a used key was refused',
  'key: done after a crash': 'a request under a key was done again when its lease had ended',
  'device: revoked': 'a device was revoked',
  'device: linked': 'a device was linked',
  'device: reinstalled': 'a device began anew',
  'account: erased': 'somebody’s keys were destroyed',
  'direct: opened': 'two people opened a direct conversation',
} as const;

export type Counted = keyof typeof counted;

export class Counters {
  readonly hits = new Map<Counted, number>();

  hit(what: Counted, times = 1): void {
    this.hits.set(what, (this.hits.get(what) ?? 0) + times);
  }

  addAll(other: Counters): void {
    for (const [what, times] of other.hits) this.hit(what, times);
  }

  get missed(): readonly Counted[] {
    return (Object.keys(counted) as Counted[]).filter((what) => !this.hits.has(what));
  }
}

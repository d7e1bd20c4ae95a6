/** What the sockets of this process have done since it started, as plain numbers that only grow; for metrics and measurements. */
export class SocketCounts {
  opened = 0;
  framesWritten = 0;
  bytesWritten = 0;
  /** One for each flush of a socket, however many frames it held. */
  writes = 0;
  /** Facts that were not pushed because their reader was too slow; they stand in the log. */
  factsDropped = 0;
  resyncs = 0;
  closedTooSlow = 0;
}

/**
 * Whether a line of the result is what it should be. A target is a ratio, or, when it is absolute, a value of ours in the unit
 * of the line; what is void is neither met nor missed.
 */

/** The line with `target: { min | max, wanted?, of, met, metAsWanted? }`, and with the reason when all of it is void. */
export function judged({ now, wanted, isLess = false, isAbsolute = false, ...line }, itemVoid) {
  const reason = itemVoid ?? line.void;
  const whole = { ...line, ...(reason !== undefined && { void: reason }) };
  if (now === undefined) return whole;
  const reached = isAbsolute ? line.ours : line.ratio.median;
  const isReached = (value) => (isLess ? reached <= value : reached >= value);
  const verdict = (value) => (reason === undefined ? isReached(value) : null);
  return {
    ...whole,
    target: {
      ...(isLess ? { max: now } : { min: now }),
      of: isAbsolute ? 'ours' : 'ratio',
      ...(isAbsolute && { unit: line.unit }),
      met: verdict(now),
      ...(wanted !== undefined && { wanted, metAsWanted: verdict(wanted) }),
    },
  };
}

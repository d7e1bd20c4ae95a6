/**
 * Interleaved rounds: ours, reference, reference, ours, and so on, so that a machine that drifts drifts for both. A round in
 * which a probe moved, or the driver was the bottleneck, is void and is taken again, at most once per round that was asked for.
 */

import { spread } from './figures.mjs';
import { moved, probe } from './machine.mjs';

const DRIVER_CPU_MAX = 0.9;

/** `sides` are two functions that measure and answer `{ figures: { variant: number }, driverCpu?, void? }`. */
export async function interleaved({ rounds, folder, say }, sides) {
  const taken = [];
  for (let tries = 0; tries < rounds * 2 && taken.filter(isValid).length < rounds; tries += 1) {
    const before = probe(folder);
    const order = tries % 2 === 0 ? ['ours', 'reference'] : ['reference', 'ours'];
    const measured = {};
    for (const side of order) measured[side] = await sides[side]();
    const after = probe(folder);
    const reason = moved(before, after) ?? order.map((side) => measured[side].void ?? busyDriver(measured[side])).find(Boolean);
    const round = { order: order.join(' '), ...measured, probes: [before, after], ...(reason && { void: reason }) };
    taken.push(round);
    say(`round ${tries + 1}: ${summaryOf(round)}${reason ? ` (void: ${reason})` : ''}`);
  }
  return taken;
}

const busyDriver = ({ driverCpu = 0 }) =>
  driverCpu > DRIVER_CPU_MAX ? `the driver used ${driverCpu.toFixed(2)} of a core` : undefined;
const isValid = (round) => round.void === undefined;

function summaryOf({ ours, reference }) {
  return Object.keys(ours.figures)
    .map((name) => `${name} ${ours.figures[name].toPrecision(3)} : ${reference.figures[name]?.toPrecision(3) ?? '-'}`)
    .join(', ');
}

/**
 * One line of the result for one figure. When the machine never held still, the void rounds are used and the line says so.
 * `row` is `{ id, variant, unit, figure, now, wanted, isLess? }`: what the ratio should be at least, or at most.
 */
export function line(rounds, { figure, ...row }) {
  const valid = rounds.filter(isValid);
  const used = valid.length > 0 ? valid : rounds;
  const of = (side) => used.map((round) => round[side].figures[figure]);
  const [ours, reference] = [of('ours'), of('reference')];
  return {
    ...row,
    ours: spread(ours).median,
    reference: spread(reference).median,
    ratio: spread(ours.map((value, at) => value / reference[at])),
    rounds: rounds.map((round) => ({
      order: round.order,
      ours: round.ours.figures[figure],
      reference: round.reference.figures[figure],
      driverCpu: Math.max(round.ours.driverCpu ?? 0, round.reference.driverCpu ?? 0),
      probes: round.probes,
      ...(round.void && { void: round.void }),
    })),
    ...(valid.length === 0 && { void: rounds.at(-1).void }),
  };
}

/**
 * How many frames are missing between frame times (milliseconds, ascending): gaps of a multiple of the usual distance. What is
 * usual is the median, since metadata often declares a rate that the source never had.
 */
export function lostFrames(timesMs: Float64Array): number {
  const distancesMs = timesMs.subarray(1).map((timeMs, index) => timeMs - (timesMs[index] ?? timeMs));
  const usualMs = distancesMs.toSorted()[Math.floor(distancesMs.length / 2)];
  if (usualMs === undefined || usualMs <= 0) return 0;
  return distancesMs.reduce((lost, distanceMs) => lost + Math.max(0, Math.round(distanceMs / usualMs) - 1), 0);
}

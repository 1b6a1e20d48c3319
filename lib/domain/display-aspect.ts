/** The longest side of a ratio that anybody would name. */
const LONGEST = 64;

/**
 * The display aspect of a picture with square pixels, as a ratio in lowest terms. Sides of renditions are rounded to even numbers,
 * so that 854x480 stands for 16:9: a ratio with long sides gives way to the simplest one that has this width or height to a pixel.
 */
export function displayAspect(width: number, height: number): string {
  const divisor = greatestCommonDivisor(width, height);
  const exact = `${width / divisor}:${height / divisor}`;
  if (Math.max(width, height) / divisor <= LONGEST) return exact;
  for (let side = 1; side <= LONGEST; side += 1) {
    const [across, down] =
      width >= height ? [side, Math.round((side * height) / width)] : [Math.round((side * width) / height), side];
    if (isPictureOf(across, down, width, height)) return `${across}:${down}`;
  }
  return exact;
}

function isPictureOf(across: number, down: number, width: number, height: number): boolean {
  if (across === 0 || down === 0) return false;
  return Math.abs((height * across) / down - width) <= 1 || Math.abs((width * down) / across - height) <= 1;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** A still picture with the statistics of natural ones: detail at every scale, with less contrast the finer it is. */
export interface Texture {
  /** Also the name of the filter graph's output: `[NAME]`. */
  readonly name: string;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** Cells in a row of the coarsest and of the finest noise. Each noise between them has twice as many as the one before. */
  readonly cells: readonly [coarsest: number, finest: number];
  /** The two coarsest noises have steps of so many levels, whose borders are edges. 0 for none. */
  readonly edgeLevels: number;
  readonly contrast: number;
  /** Range of the colour differences, of 256. */
  readonly colour: number;
}

/** Filters that make one frame of a texture. They name all pixels by formulas, so the picture is the same on every machine. */
export function textureFilters(texture: Texture): string {
  const { name, width, height, contrast } = texture;
  const noises = cellCounts(texture).map((cells, octave) => noiseFilters(texture, cells, octave));
  // Each average halves the contrast of what is finer.
  const blends = noises.slice(1).map((_, index) => {
    const octave = noises.length - 2 - index;
    const finer = index === 0 ? `${name}n${octave + 1}` : `${name}b${octave + 1}`;
    return `[${finer}][${name}n${octave}]blend=all_mode=average[${name}b${octave}]`;
  });
  const finish = `[${name}b0]eq=contrast=${contrast},scale=${width}:${height},format=yuv444p[${name}]`;
  return [...noises, ...blends, finish].join(';');
}

function noiseFilters(texture: Texture, cells: number, octave: number): string {
  const { name, seed, width, height, edgeLevels, colour } = texture;
  const random = (offset: number): string =>
    `mod(abs(sin(X*12.9898+Y*78.233+${seed + 7 * octave + offset})*43758.5453),1)`;
  const chroma = (offset: number): string => `128+${colour}*(${random(offset)}-0.5)`;
  const hasEdges = edgeLevels > 0 && octave < 2;
  return [
    `nullsrc=size=${cells}x${Math.ceil((cells * height) / width)}:rate=30,trim=end_frame=1,format=yuv444p`,
    `geq=lum='16+219*${random(0)}':cb='${chroma(3)}':cr='${chroma(5)}',scale=${width}:${height}:flags=bicubic`,
    ...(hasEdges ? [`lutyuv=y='16+floor((val-16)/${edgeLevels})*${edgeLevels}'`] : []),
  ]
    .join(',')
    .concat(`[${name}n${octave}]`);
}

function cellCounts({ cells: [coarsest, finest] }: Texture): number[] {
  const octaves = Math.round(Math.log2(finest / coarsest)) + 1;
  return Array.from({ length: octaves }, (_, octave) => coarsest * 2 ** octave);
}

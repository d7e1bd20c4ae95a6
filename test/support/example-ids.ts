/** Ids for examples: small numbers shaped like the random ids that the system makes. */

export const exampleId = <Id extends string>(number: number): Id =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}` as Id;

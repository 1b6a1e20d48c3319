export interface ChoicesProps<Option extends string> {
  readonly legend: string;
  readonly name: string;
  readonly chosen: Option;
  readonly options: readonly Option[];
  readonly texts: Readonly<Record<Option, { readonly name: string; readonly detail: string }>>;
}

/** A choice between few things that need a sentence each. */
export function Choices<Option extends string>({ legend, name, chosen, options, texts }: ChoicesProps<Option>) {
  return (
    <fieldset class="field choices">
      <legend>{legend}</legend>
      <div class="choice-list">
        {options.map((option) => (
          <label key={option} class="choice">
            <input type="radio" name={name} value={option} defaultChecked={option === chosen} />
            <span>
              <strong>{texts[option].name}</strong>
              <span class="hint">{texts[option].detail}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

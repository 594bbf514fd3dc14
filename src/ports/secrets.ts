/** Values that tasks are given by name, and that nothing else may hold. */
export interface Secrets {
  /** Undefined where there is none of this name. What is changed is seen within a minute. */
  read(name: string): Promise<string | undefined>;
}

export interface SecretEntry {
  readonly name: string;
  /** Epoch ms. */
  readonly updatedAt: number;
}

/** Where they are kept by ourselves. No value is ever given back but to runners, by `read`. */
export interface SecretStore extends Secrets {
  list(): Promise<readonly SecretEntry[]>;
  set(name: string, value: string): Promise<SecretEntry>;
  /** False: there was none. */
  remove(name: string): Promise<boolean>;
}

/** Putting a function around the methods of an object that is not ours, and taking it away again without a trace. */
import { type Disposal, disposable } from '../disposal.js';
import { invalidType } from '../errors.js';
import { type OptionNames, checkOptions } from '../options.js';

/** A patch of somebody else's object, as {@link patchH264Encoder} and {@link patchH264Decoder} answer it. */
export interface PatchHandle extends Disposal {
  /**
   * Whether any method was patched. It is false where the object has no such method, does not let it be replaced, or
   * where each is patched already; such a handle has nothing to take back.
   */
  readonly applied: boolean;
  /** The names of the methods that this call patched. */
  readonly methods: readonly string[];
  /**
   * Takes the patch back, at once and for all instances: property descriptors are what they were. Where somebody has
   * put a function of their own around ours since, theirs stays, and ours below it passes everything on. A second call
   * does nothing.
   */
  close(): void;
}

/**
 * What stands around a method.
 *
 * @param proceed calls the method as the host called it, or with other arguments where it is given some; answers what
 *   it answers and throws what it throws. A class is constructed.
 * @param instance the `this` of the call; the patched object where the call had none, as that of a class has not
 * @param args the arguments of the call, to be looked at only
 */
export type Around = (
  proceed: (otherArgs?: readonly unknown[]) => unknown,
  instance: object,
  args: readonly unknown[],
) => unknown;

/** What keeps a method from being patched twice: one patch of each kind may stand around a method. */
export type PatchKind = 'encoder' | 'decoder';

/** Any function, called with any `this`. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** One function of ours in the place of a property. */
interface Layer {
  readonly target: object;
  /** The own property that was there before; `undefined` where it was inherited. */
  readonly original: PropertyDescriptor | undefined;
  isActive: boolean;
}

/** Our functions: values of data properties, and getters. */
const layers = new WeakMap<object, Layer>();

/** The names that are patched now, for each object and kind. */
const patched: Readonly<Record<PatchKind, WeakMap<object, Set<string>>>> = {
  encoder: new WeakMap(),
  decoder: new WeakMap(),
};

/** Whether a value has properties of its own: an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Whether a value can be called. */
export function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}

/**
 * Checks what is to be patched.
 *
 * @throws `TypeError` where it is nothing that has methods, or where the options are none
 */
export function checkPatchArguments(target: unknown, options: unknown, expected: OptionNames): void {
  if (!isObject(target)) throw invalidType('target', 'an object', target);
  checkOptions(options, expected);
}

/**
 * Checks an option that may be a function.
 *
 * @throws `TypeError` where it is there and is none
 */
export function checkCallback(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalidType(name, 'a function', value);
}

/**
 * The names of methods in an option, each once.
 *
 * @throws `TypeError` for what is neither a string nor an array of strings
 */
export function methodNames(name: string, value: unknown): string[] {
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (!names.every((each) => typeof each === 'string')) {
    throw invalidType(name, 'a string or an array of strings', value);
  }
  return [...new Set(names)];
}

interface FoundProperty {
  readonly holder: object;
  readonly descriptor: PropertyDescriptor;
}

function findProperty(target: object, name: string): FoundProperty | undefined {
  for (let holder: object | null = target; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(holder, name);
    if (descriptor !== undefined) return { holder, descriptor };
  }
  return undefined;
}

/** Puts back what stood below those functions of ours that are on top and no longer active. */
function uncover(target: object, name: string): void {
  for (;;) {
    const current = Reflect.getOwnPropertyDescriptor(target, name);
    const ours: unknown = current?.get ?? current?.value;
    const layer = isObject(ours) ? layers.get(ours) : undefined;
    if (layer === undefined || layer.isActive || layer.target !== target) return;
    const isRestored =
      layer.original === undefined
        ? Reflect.deleteProperty(target, name)
        : Reflect.defineProperty(target, name, layer.original);
    if (!isRestored) return;
  }
}

/**
 * A proxy, so that the name, the length and the properties of the function stay what they are, also when they are set.
 */
function wrap(method: AnyFunction, layer: Layer, around: Around): AnyFunction {
  return new Proxy(method, {
    apply(_, self: unknown, args: unknown[]): unknown {
      const proceed = (otherArgs: readonly unknown[] = args): unknown => Reflect.apply(method, self, otherArgs);
      return layer.isActive ? around(proceed, isObject(self) ? self : layer.target, args) : proceed();
    },
    construct(_, args: unknown[], newTarget): object {
      const proceed = (otherArgs: readonly unknown[] = args): unknown =>
        Reflect.construct(method, otherArgs, newTarget);
      return (layer.isActive ? around(proceed, layer.target, args) : proceed()) as object;
    },
  });
}

function patchedDescriptor(
  descriptor: PropertyDescriptor,
  layer: Layer,
  around: Around,
): PropertyDescriptor | undefined {
  const { get, value } = descriptor as { get?: () => unknown; value?: unknown };
  if (get === undefined) {
    if (!isFunction(value)) return undefined;
    const wrapper = wrap(value, layer, around);
    layers.set(wrapper, layer);
    return { ...descriptor, value: wrapper };
  }
  // One wrapper for each function, so that reading the property twice gives the same function.
  const wrappers = new WeakMap<object, AnyFunction>();
  const getter = function (this: unknown): unknown {
    const method: unknown = Reflect.apply(get, this, []);
    if (!layer.isActive || !isFunction(method)) return method;
    const wrapper = wrappers.get(method) ?? wrap(method, layer, around);
    wrappers.set(method, wrapper);
    return wrapper;
  };
  layers.set(getter, layer);
  return { ...descriptor, get: getter };
}

/**
 * Puts a function around one method of an object or of a prototype.
 *
 * @param target the object that has the method or inherits it
 * @param name the name of the method; a getter that answers a function will do
 * @param around what is to stand around it
 * @param kind where it is given, a method that is patched with this kind already is left alone
 * @returns takes the patch back; `undefined` where there is no such method, it cannot be replaced, or it is patched
 *   already
 */
function patchMethod(target: object, name: string, around: Around, kind?: PatchKind): (() => void) | undefined {
  uncover(target, name);
  const found = findProperty(target, name);
  if (found === undefined) return undefined;
  const { holder, descriptor } = found;
  if (kind !== undefined && patched[kind].get(holder)?.has(name) === true) return undefined;

  const isOwn = holder === target;
  const layer: Layer = { target, original: isOwn ? descriptor : undefined, isActive: true };
  const replacement = patchedDescriptor(descriptor, layer, around);
  if (replacement === undefined) return undefined;
  // What hides an inherited property has to go away again.
  if (!isOwn) replacement.configurable = true;
  if (!Reflect.defineProperty(target, name, replacement)) return undefined;

  let names: Set<string> | undefined;
  if (kind !== undefined) {
    names = patched[kind].get(target) ?? new Set();
    patched[kind].set(target, names.add(name));
  }
  return () => {
    if (!layer.isActive) return;
    layer.isActive = false;
    names?.delete(name);
    uncover(target, name);
  };
}

/**
 * Puts a function around methods of an object or of a prototype: those of the names that exist and can be replaced.
 *
 * @param target the object that has the methods or inherits them
 * @param names the names of the methods
 * @param around what is to stand around each
 * @param kind where it is given, a method that is patched with this kind already is left alone
 * @returns says which methods were patched, and takes it back
 */
export function applyPatch(target: object, names: readonly string[], around: Around, kind?: PatchKind): PatchHandle {
  const methods: string[] = [];
  const restores: (() => void)[] = [];
  for (const name of names) {
    const restore = tryToPatch(target, name, around, kind);
    if (restore === undefined) continue;
    methods.push(name);
    restores.push(restore);
  }
  return disposable({
    applied: methods.length > 0,
    methods,
    close: () => {
      for (const restore of restores) restore();
    },
  });
}

/** Proxies may refuse to be looked at, and then they cannot be patched. */
function tryToPatch(target: object, name: string, around: Around, kind?: PatchKind): (() => void) | undefined {
  try {
    return patchMethod(target, name, around, kind);
  } catch {
    return undefined;
  }
}

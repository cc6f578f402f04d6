/**
 * What is between a container and the kernel of its node.
 *
 * Control: CON-0, TB-2.
 */
export class Sandbox {
  /** gVisor: a kernel in user space answers the container's system calls. */
  static readonly GVISOR = new Sandbox('gvisor', 'runsc');

  /** Kata Containers: each pod has a virtual machine and a kernel of its own. */
  static readonly KATA = new Sandbox('kata', 'kata');

  /**
   * A RuntimeClass that is in the cluster already.
   *
   * @param runtimeClassName its name
   */
  static ofRuntimeClass(runtimeClassName: string): Sandbox {
    return new Sandbox(runtimeClassName);
  }

  private constructor(
    readonly runtimeClassName: string,
    /**
     * What the container runtime of the nodes calls it; the RuntimeClass is written when it is known here.
     *
     * @internal
     */
    readonly _handler?: string,
  ) {}
}

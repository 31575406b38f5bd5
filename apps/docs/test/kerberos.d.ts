/** As much of the package `kerberos` as the guide to proxies uses: it is built natively, and is not installed here. */
declare module 'kerberos' {
  export interface InitializeClientOptions {
    readonly mechOID?: number | undefined;
    readonly principal?: string | undefined;
    readonly user?: string | undefined;
    readonly password?: string | undefined;
  }

  export interface KerberosClient {
    readonly username: string;
    readonly response: string;
    readonly contextComplete: boolean;
    step(challenge: string): Promise<string>;
  }

  const kerberos: {
    initializeClient(service: string, options?: InitializeClientOptions): Promise<KerberosClient>;
  };
  export default kerberos;
}

// The part of `pkcs11js` that is used here. It compiles C++ when it is installed, so it is there only where an operator wants
// it, and its own types are not there to build with.
declare module 'pkcs11js' {
  export type Handle = Buffer

  export interface Attribute {
    readonly type: number
    readonly value?: number | boolean | string | Buffer
  }

  export class PKCS11 {
    load(path: string): void
    C_Initialize(): void
    C_GetSlotList(tokenPresent: boolean): Handle[]
    C_GetTokenInfo(slot: Handle): { readonly label: string; readonly serialNumber: string }
    C_OpenSession(slot: Handle, flags: number): Handle
    C_CloseSession(session: Handle): void
    C_Login(session: Handle, userType: number, pin: string): void
    C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
    C_FindObjects(session: Handle, most: number): Handle[]
    C_FindObjectsFinal(session: Handle): void
    C_GetAttributeValue(
      session: Handle,
      object: Handle,
      template: readonly Attribute[],
    ): { readonly type: number; readonly value: Buffer }[]
    C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void
    C_SignAsync(session: Handle, data: Buffer, signature: Buffer): Promise<Buffer>
  }
}

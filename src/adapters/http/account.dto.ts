/** What sign-in and account routes take and answer. Requests are closed, answers open; a name here is public for ever. */
import { limits } from '../../domain/kernel/limits.js';
import {
  Base64Field,
  ChoiceField,
  FlagField,
  IdField,
  InstantField,
  IntField,
  ListField,
  ObjectField,
  PatternField,
  TextField,
  WordField,
} from './fields.js';

const IDENTIFIER_CHARACTERS_MAX = 254;
const KEY_CHARACTERS_MAX = 512;
const TOKEN_CHARACTERS_MAX = 512;
const KINDS = ['phone', 'email'] as const;

/** Whom to send a code to, or whom to look for. */
export class Identified {
  @ChoiceField(KINDS)
  kind: 'phone' | 'email';

  @TextField(3, IDENTIFIER_CHARACTERS_MAX, { description: 'A phone number as E.164 (+ and digits), or an e-mail address.' })
  value: string;
}

export class StartVerification extends Identified {}

export class Verification {
  @IdField()
  verificationId: string;

  @InstantField()
  expiresAt: string;

  @IntField(1, 12)
  codeDigits: number;
}

export class NewDevice {
  @Base64Field(40, KEY_CHARACTERS_MAX, { description: 'SubjectPublicKeyInfo of a P-256 or Ed25519 key, base64url.' })
  publicKey: string;

  @TextField(1, limits.deviceNameCharactersMax)
  name: string;
}

export class CompleteVerification {
  @PatternField(/^\d{6}$/, limits.codeDigits)
  code: string;

  @ObjectField(() => NewDevice)
  device: NewDevice;
}

export class RefreshSession {
  @IdField()
  deviceId: string;

  @TextField(1, TOKEN_CHARACTERS_MAX)
  refreshToken: string;

  @InstantField()
  signedAt: string;

  @Base64Field(1, KEY_CHARACTERS_MAX, {
    description:
      'By the key of the device, over the UTF-8 bytes of "sottovoce-refresh-v1", deviceId, signedAt in milliseconds since 1970, ' +
      'and refreshToken, joined by line feeds. For P-256: r and s, 32 bytes each.',
  })
  signature: string;
}

export class Tokens {
  @IdField()
  accountId: string;

  @IdField()
  deviceId: string;

  @TextField(1, 2_048)
  accessToken: string;

  @InstantField()
  accessTokenExpiresAt: string;

  @TextField(1, TOKEN_CHARACTERS_MAX)
  refreshToken: string;
}

export class Account {
  @IdField()
  accountId: string;

  @WordField(KINDS, { optional: true })
  kind?: string;

  @TextField(1, IDENTIFIER_CHARACTERS_MAX, { optional: true })
  identifier?: string;

  @TextField(1, limits.displayNameCharactersMax, { optional: true })
  displayName?: string;

  @InstantField()
  registeredAt: string;

  @IntField(1, Number.MAX_SAFE_INTEGER)
  version: number;
}

export class ChangeProfile {
  @TextField(1, limits.displayNameCharactersMax)
  displayName: string;
}

export class FindAccount extends Identified {}

export class FoundAccount {
  @IdField()
  accountId: string;
}

export class FoundAccounts {
  @ListField(() => FoundAccount, { description: 'One account or none.' })
  items: FoundAccount[];
}

export class Device {
  @IdField()
  deviceId: string;

  @TextField(1, limits.deviceNameCharactersMax, { optional: true })
  name?: string;

  @WordField(['ES256', 'EdDSA'])
  keyAlgorithm: string;

  @InstantField()
  linkedAt: string;

  @InstantField({ optional: true })
  revokedAt?: string;

  @IntField(1, Number.MAX_SAFE_INTEGER)
  version: number;

  @FlagField()
  isThisDevice: boolean;
}

export class Devices {
  @ListField(() => Device)
  items: Device[];
}

export class RenameDevice {
  @TextField(1, limits.deviceNameCharactersMax)
  name: string;
}

export class SocketTicket {
  @TextField(1, 512)
  ticket: string;

  @InstantField()
  expiresAt: string;
}

export class ConfirmReceived {
  @TextField(1, 2_048)
  cursor: string;
}

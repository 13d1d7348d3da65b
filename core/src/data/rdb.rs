//! A snapshot of all keys as a file that the real server reads.
//!
//! The rule (Redis 7.0, `rdb.c: rdbSaveRio, rdbSaveInfoAuxFields, rdbSaveDb,
//! rdbSaveKeyValuePair`): a word and the version of the format; what there is to say of the server,
//! as names and values; the number of the database, how many keys it has, and how many of them have
//! a time to live; each key with its time to live, if it has one, the type of its value, its name
//! and its value; a mark for the end; and a CRC64 of everything before it. Names and values are
//! strings in the form that DUMP has as well. How we differ: keys stand in their order, in Redis in
//! that of a hash table.

use bytes::Bytes;

use super::keyspace::{Keyspace, Value};
use super::payload::{CRC, TYPE_STRING, encode_len, encode_string};

const HEAD: &[u8] = b"REDIS0010";
const AUX: u8 = 250;
const SIZES: u8 = 251;
const EXPIRY_MS: u8 = 252;
const DATABASE: u8 = 254;
const END: u8 = 255;

/// What a snapshot says of its server: a name, and what is said.
pub type Aux = (&'static str, String);

/// The file.
pub fn rdb_file(keyspace: &Keyspace, aux: &[Aux]) -> Bytes {
    let mut bytes = HEAD.to_vec();
    for (name, value) in aux {
        bytes.push(AUX);
        encode_string(name.as_bytes(), &mut bytes);
        encode_string(value.as_bytes(), &mut bytes);
    }
    if !keyspace.is_empty() {
        bytes.extend([DATABASE, 0, SIZES]);
        encode_len(keyspace.len(), &mut bytes);
        encode_len(keyspace.expiring_len(), &mut bytes);
    }
    for (key, value, expiry) in keyspace.iter() {
        if let Some(expiry) = expiry {
            bytes.push(EXPIRY_MS);
            bytes.extend(expiry.millis().to_le_bytes());
        }
        match value {
            Value::String(text) => {
                bytes.push(TYPE_STRING);
                encode_string(key, &mut bytes);
                encode_string(text, &mut bytes);
            }
        }
    }
    bytes.push(END);
    bytes.extend(CRC.checksum(&bytes).to_le_bytes());
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Expiry;

    #[test]
    fn a_snapshot_has_everything_in_its_place() {
        let mut keyspace = Keyspace::new();
        let empty = rdb_file(&keyspace, &[("redis-bits", "64".to_owned())]);
        assert_eq!(&empty[..24], b"REDIS0010\xfa\x0aredis-bits\xc0\x40\xff");
        keyspace.insert(Bytes::from("k"), Value::String(Bytes::from("v")));
        keyspace.insert(Bytes::from("7"), Value::String(Bytes::from("300")));
        keyspace.set_expiry(b"k", Some(Expiry::from_millis(258)));
        let file = rdb_file(&keyspace, &[]);
        let (body, checksum) = file.split_at(file.len() - 8);
        let expected = b"REDIS0010\xfe\x00\xfb\x02\x01\
            \x00\xc0\x07\xc1\x2c\x01\
            \xfc\x02\x01\x00\x00\x00\x00\x00\x00\x00\x01k\x01v\xff";
        assert_eq!(body, expected);
        assert_eq!(checksum, CRC.checksum(body).to_le_bytes());
    }
}

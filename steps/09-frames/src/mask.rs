//! Masking: XOR with four bytes, over and over. The same call masks and unmasks.

/// Masks or unmasks `payload` in place. `offset` is where in its frame the payload begins: bytes that come
/// in a later read go on with the key where the earlier ones stopped.
///
/// RFC 6455 §5.3: "Octet i of the transformed data ("transformed-octet-i") is the XOR of octet i of the
/// original data ("original-octet-i") with octet at index i modulo 4 of the masking key".
pub fn mask(payload: &mut [u8], key: [u8; 4], offset: u64) {
    let key = rotated(key, offset);
    // Octet by octet is right, and far slower. With the key written twice into a word, the index modulo 4
    // takes care of itself, and the compiler makes vector instructions of the loop.
    // ANCHOR: words
    let once = u32::from_ne_bytes(key);
    let twice = u64::from(once) << 32 | u64::from(once);
    let (words, rest) = payload.as_chunks_mut::<8>();
    // A call through a pointer pays from 128 octets on.
    if words.len() < 16 {
        xor(words, twice);
    } else {
        xor_wide(words, twice);
    }
    // ANCHOR_END: words
    // Fewer than eight octets are left; their first, and the fifth, meet the first octet of the key.
    let (half, rest) = rest.as_chunks_mut::<4>();
    if let [half] = half {
        *half = (u32::from_ne_bytes(*half) ^ once).to_ne_bytes();
    }
    for (octet, key) in rest.iter_mut().zip(key) {
        *octet ^= key;
    }

    // ANCHOR: xor
    #[inline(always)] // Into `xor_wide`, to be compiled as that is.
    fn xor(words: &mut [[u8; 8]], twice: u64) {
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
        }
    }

    /// The same loop, compiled a second time for processors with AVX2, whose vectors are twice as wide. Which of the two is
    /// called is decided when the program runs.
    #[multiversion::multiversion(targets("x86_64+avx2"))]
    fn xor_wide(words: &mut [[u8; 8]], twice: u64) {
        xor(words, twice);
    }
    // ANCHOR_END: xor
}

/// The key as the octet at `offset` sees it: its own key octet first.
pub(crate) fn rotated(key: [u8; 4], offset: u64) -> [u8; 4] {
    // The first octet is the number's lowest: turning the bits to the right brings the next one there.
    u32::from_le_bytes(key).rotate_right(8 * (offset % 4) as u32).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule as the RFC states it.
    fn octet_by_octet(payload: &mut [u8], key: [u8; 4], offset: usize) {
        for (i, octet) in payload.iter_mut().enumerate() {
            *octet ^= key[(offset + i) % 4];
        }
    }

    /// Against the loop of RFC 6455 §5.3. Wrong only at some lengths or places: the words and the rest behind them disagree
    /// about which octet of the key is next.
    #[test]
    fn masks_like_the_loop_of_the_rfc_at_every_length_alignment_and_offset() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let original: Vec<u8> = (0..=255).collect();
        for start in 0..16 {
            for end in start..original.len() {
                for offset in 0..8 {
                    let (mut fast, mut slow) = (original.clone(), original.clone());
                    mask(&mut fast[start..end], key, offset as u64);
                    octet_by_octet(&mut slow[start..end], key, offset);
                    assert_eq!(fast, slow, "octets {start}..{end}, offset {offset}");
                }
            }
        }
    }

    /// XOR with the same octet twice is the octet itself: one function masks and unmasks.
    #[test]
    fn twice_is_the_original() {
        let mut payload = *b"the same call masks and unmasks";
        mask(&mut payload, [1, 2, 3, 4], 0);
        assert_ne!(payload, *b"the same call masks and unmasks");
        mask(&mut payload, [1, 2, 3, 4], 0);
        assert_eq!(payload, *b"the same call masks and unmasks");
    }

    /// A read may end anywhere in a payload. The offset says where in the frame this piece begins; the key must not begin anew.
    #[test]
    fn a_payload_in_pieces_goes_on_with_the_key_where_it_stopped() {
        let key = [9, 8, 7, 6];
        let mut whole = [0x55; 61];
        mask(&mut whole, key, 0);
        for cut in 0..=whole.len() {
            let mut pieces = [0x55; 61];
            let (head, tail) = pieces.split_at_mut(cut);
            mask(head, key, 0);
            mask(tail, key, cut as u64);
            assert_eq!(pieces, whole, "cut at {cut}");
        }
    }

    /// A frame may be longer than 4 GiB. Whoever counts its octets, or the bits in them, in 32 bits loses the place.
    #[test]
    fn an_offset_beyond_32_bits_keeps_its_place() {
        let mut near = [0; 5];
        mask(&mut near, [1, 2, 3, 4], 3);
        for offset in [(1 << 29) + 3, (1 << 31) + 3, u64::from(u32::MAX), (1 << 32) + 3, (1 << 63) - 1] {
            let mut far = [0; 5];
            mask(&mut far, [1, 2, 3, 4], offset);
            assert_eq!(near, far, "offset {offset}");
        }
    }
}

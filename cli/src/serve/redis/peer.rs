//! A peer: one real client on one socket.
//!
//! It is a hand-written future, because this is where the time goes: each turn writes what waits,
//! then reads once and hands that to the hub, which answers into the mailbox at once; so a question
//! and its answer cost one wake-up, one read and one write. All peers share one buffer to read
//! into, so that ten thousand idle ones need none.
//!
//! While the clock stands nothing is read: the client waits, as before a process that was stopped.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hashslot_core::words::ConnId;
use hashslot_core::world::step::Port;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::hub::Hub;
use super::limits::READS_IN_A_ROW;
use super::mailbox::{Line, Mailbox, Reading};

/// What all peers read into.
pub type Buffer = Rc<RefCell<Vec<u8>>>;

/// One client.
pub struct Peer {
    socket: TcpStream,
    hub: Rc<RefCell<Hub>>,
    buffer: Buffer,
    mailbox: Rc<Mailbox>,
    to: Port,
    /// Its connection, as soon as there is one in the world.
    conn: Option<ConnId>,
}

impl Peer {
    pub fn new(socket: TcpStream, to: Port, hub: Rc<RefCell<Hub>>, buffer: Buffer) -> Peer {
        hub.borrow_mut().admit();
        Peer { socket, hub, buffer, mailbox: Rc::new(Mailbox::new()), to, conn: None }
    }

    /// Does what can be done now. Ready when the connection is over.
    fn turn(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..READS_IN_A_ROW {
            self.write(context)?;
            match self.mailbox.line() {
                Line::Refused | Line::Overflown => return Poll::Ready(self.reset()),
                Line::Closed if self.mailbox.bytes() == 0 => return Poll::Ready(Ok(())),
                Line::Closed => return Poll::Pending,
                Line::Opening if self.conn.is_some() => return Poll::Pending,
                Line::Opening => {
                    let mut hub = self.hub.borrow_mut();
                    if !hub.is_flowing() {
                        hub.wait(self.mailbox.clone());
                        return Poll::Pending;
                    }
                    self.conn = Some(hub.open(self.mailbox.clone(), self.to));
                }
                Line::Up if self.mailbox.reading() == Reading::Held => return Poll::Pending,
                Line::Up if !self.hub.borrow().is_flowing() => return Poll::Pending,
                Line::Up => match self.read(context)? {
                    Poll::Ready(true) => {}
                    Poll::Ready(false) => return Poll::Ready(Ok(())),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
        // The others have their turn first.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once; whether the client is still there.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<Poll<bool>> {
        let mut buffer = self.buffer.borrow_mut();
        let mut into = ReadBuf::new(&mut buffer);
        match Pin::new(&mut self.socket).poll_read(context, &mut into)? {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(()) if into.filled().is_empty() => Ok(Poll::Ready(false)),
            Poll::Ready(()) => {
                let bytes = Bytes::copy_from_slice(into.filled());
                if let Some(conn) = self.conn {
                    self.hub.borrow_mut().send(conn, bytes);
                }
                Ok(Poll::Ready(true))
            }
        }
    }

    /// Writes what waits, as far as the socket takes it.
    fn write(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.mailbox.bytes() > 0 {
            let write = |slices: &[IoSlice<'_>]| match slices {
                // The kernel does this one faster.
                [one] => self.socket.try_write(one),
                several => self.socket.try_write_vectored(several),
            };
            match self.mailbox.write(write) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => self.hub.borrow_mut().sent(taken),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.socket.poll_write_ready(context)?.is_pending() {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends the connection at once; what was not sent is not.
    fn reset(&mut self) -> io::Result<()> {
        socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO))
    }
}

impl Future for Peer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.mailbox.awake(context.waker());
        let turn = self.turn(context);
        self.mailbox.asleep();
        // A socket that fails is a connection that is over: there is nobody to tell.
        turn.map(|_| ())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // While something else is wrong, the hub may be in use.
        if let Ok(mut hub) = self.hub.try_borrow_mut() {
            hub.leave(self.conn);
        }
    }
}

#include "app/cli.h"

int main(int argc, char** argv) {
  return rollcall::app::Main(argc, argv);
}
